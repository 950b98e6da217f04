/** A hash list, tree, position or hex string that can not be what it is said to be. */
export class CommitmentError extends Error {
  override readonly name = "CommitmentError";
}
