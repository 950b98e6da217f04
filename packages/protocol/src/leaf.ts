import * as z from "zod/mini";
import { type Batch, type Place, sumClimb, sumLeaf } from "./batch.ts";
import { type Claim, type ClaimDomain, claimDigest } from "./claim.ts";
import { address, amount, bytes, decimal, fromJson } from "./wire.ts";

/** Where a claim hangs in a posted batch: with it, its holder can open and challenge the claim. */
export type Leaf = Omit<Place, "count"> & { readonly batch: Batch };

/** Text that is no leaf, or one that is not the claim's. */
export class LeafError extends Error {
  override readonly name = "LeafError";
}

const schema = z.object({
  batch: z.object({
    operator: address,
    root: bytes(32),
    coverage: amount,
    count: z.int().check(z.positive()),
    parameters: bytes(32),
    postedAt: z.int().check(z.nonnegative()),
  }),
  index: z.int().check(z.nonnegative()),
  path: z.array(z.object({ hash: bytes(32), sum: amount })).check(z.maxLength(32)),
});

export const leafToJson = ({ batch, index, path }: Leaf): string => JSON.stringify({ batch, index, path }, decimal);

/** @throws LeafError that names every field that does not fit */
export const leafFromJson = (json: string): Leaf =>
  fromJson(schema, json, (problem) => new LeafError(`not a leaf: ${problem}`));

const DAY = 24n * 3600n;

/** Checks all that can be checked without the chain, which knows whether the batch was posted. @throws LeafError */
export function checkLeaf(domain: ClaimDomain, claim: Claim, { batch, index, path }: Leaf): void {
  const { operator, parameters, postedAt, root, coverage, count } = batch;
  if (operator.toLowerCase() !== claim.operator.toLowerCase() || parameters !== claim.parameters)
    throw new LeafError("the batch is another operator's or another tier's");
  if (BigInt(postedAt) > claim.postBy || claim.postBy > BigInt(postedAt) + DAY)
    throw new LeafError(`the batch was posted at ${postedAt}, which does not fit the claim's postBy ${claim.postBy}`);
  const climbed = sumClimb(sumLeaf(claimDigest(domain, claim), claim), { index, count, path });
  if (climbed?.hash !== root || climbed.sum !== coverage)
    throw new LeafError("the path does not lead to the batch's root");
}
