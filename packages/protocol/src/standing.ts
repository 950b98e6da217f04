import { marketAbi } from "@opengradient/bindings";
import type { Hex } from "viem";
import { type Claim, claimDigest } from "./claim.ts";
import { domainOf, type Reader } from "./client.ts";
import type { Parameters } from "./parameters.ts";

export const CLAIM_STATUS = ["none", "open", "final", "void"] as const;
export type ClaimStatus = (typeof CLAIM_STATUS)[number];

/** What pays when a claim falls: stake locked for a request or a batch, or, lodged, the fault bond alone. */
export const BACKING = ["request", "batch", "bond"] as const;
export type Backing = (typeof BACKING)[number];

/** Where a claim stands on chain, times in unix seconds. */
export type Standing = {
  readonly id: Hex;
  readonly status: ClaimStatus;
  /** "request" too while it has no status */
  readonly backing: Backing;
  /** last second for a demand at depth 0 */
  readonly windowEnd: number;
  /** last second for any demand or commit, as things are */
  readonly quietAt: number;
  /** after this second anyone may finalise, if nothing is pending */
  readonly finalAfter: number;
  /** demands asked and not yet answered */
  readonly pending: number;
  readonly parameters: Parameters;
};

export async function claimStanding(reader: Reader, claim: Claim): Promise<Standing> {
  const market = { address: reader.addresses.market, abi: marketAbi } as const;
  const id = claimDigest(domainOf(reader), claim);
  const [standing, [stored]] = await Promise.all([
    reader.chain.readContract({ ...market, functionName: "standing", args: [claim] }),
    reader.chain.readContract({ ...market, functionName: "record", args: [id] }),
  ]);
  const { windowEnd, quietAt, parameters } = standing;
  return {
    id,
    status: CLAIM_STATUS[standing.status] ?? "none",
    backing: BACKING[stored.backing] ?? "request",
    windowEnd: Number(windowEnd),
    quietAt: Number(quietAt),
    finalAfter: Number(quietAt) + parameters.grace,
    pending: Number(stored.pending),
    parameters,
  };
}
