import { type Address, concat, type Hex, keccak256, numberToHex, toHex } from "viem";
import type { Claim } from "./claim.ts";

/** One posting of many claims: docs/spec/claim.md, Batches. */
export type Batch = {
  readonly operator: Address;
  readonly root: Hex;
  /** Σ coverage of its claims */
  readonly coverage: bigint;
  readonly count: number;
  readonly parameters: Hex;
  /** unix seconds of its block */
  readonly postedAt: number;
};

export type SumNode = { readonly hash: Hex; readonly sum: bigint };

/** The leaf of a claim. */
export const sumLeaf = (id: Hex, { coverage }: Pick<Claim, "coverage">): SumNode => ({
  hash: keccak256(concat(["0x0a", id])),
  sum: coverage,
});

const sumHex = (sum: bigint): Hex => toHex(sum, { size: 16 });

const join = (left: SumNode, right: SumNode): SumNode => ({
  hash: keccak256(concat([numberToHex(9), left.hash, sumHex(left.sum), right.hash, sumHex(right.sum)])),
  sum: left.sum + right.sum,
});

const above = (level: readonly SumNode[]): SumNode[] =>
  Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => {
    const [left, right] = [level[2 * i]!, level[2 * i + 1]];
    return right ? join(left, right) : left;
  });

/** Over at least one leaf. @throws RangeError when the sum does not fit 128 bits */
export function sumRoot(leaves: readonly SumNode[]): SumNode {
  let level = leaves;
  while (level.length > 1) level = above(level);
  const root = level[0];
  if (!root) throw new RangeError("a batch has at least one claim");
  if (root.sum >= 1n << 128n) throw new RangeError(`the coverage of the batch, ${root.sum}, does not fit 128 bits`);
  return root;
}

/** The siblings of a leaf, from below. */
export function sumPath(leaves: readonly SumNode[], index: number): SumNode[] {
  const path: SumNode[] = [];
  for (let level = leaves, i = index; level.length > 1; level = above(level), i >>= 1) {
    const sibling = level[i ^ 1];
    if (sibling) path.push(sibling);
  }
  return path;
}
