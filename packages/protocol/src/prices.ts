import { childCount, OBJECT, type Position } from "@opengradient/commitments";
import { greater, lesser } from "./amounts.ts";

/** Gas by which a demand's price is reckoned: docs/spec/claim.md. */
const OPENING_GAS = 130_000n;
const REVEAL_GAS = 130_000n;
const HASH_GAS = 1_300n;
const TRACED_GAS = 1_700n;
const LEAF_GAS = 10_000n;
const GWEI = 10n ** 9n;

/** Gas of the answer that a demand buys. `count`: leaves of the tree that the position lies in; `outputs`: of the model. */
export function answerGas({ object, j, i }: Position, count: number, outputs: number): bigint {
  if (object === OBJECT.claim) return OPENING_GAS;
  const hashes = childCount(count, j, i);
  if (object === OBJECT.trace && j === 1) return REVEAL_GAS + BigInt(hashes + outputs) * TRACED_GAS;
  return REVEAL_GAS + (hashes === 0 ? LEAF_GAS : BigInt(hashes) * HASH_GAS);
}

/** 2 × gas × base fee, rounded up to whole gwei: what a demand pays to whoever answers. */
export const demandPrice = (gas: bigint, baseFee: bigint): bigint => ((2n * gas * baseFee + GWEI - 1n) / GWEI) * GWEI;

/** What a demand of the opening costs beside, in OPG, unless the claim falls: 3 × fee, within c/100 … c/10 rounded up. */
export const openingPrice = (fee: bigint, coverage: bigint): bigint =>
  lesser(greater(3n * fee, (coverage + 99n) / 100n), (coverage + 9n) / 10n);
