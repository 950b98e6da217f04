import { fromHex, traceSalt } from "@opengradient/commitments";
import type { Claim, Standing } from "@opengradient/protocol";
import type { ClaimFacts, View } from "./view.ts";

export const claimFacts = ({ input, output, operator, requester, requestId }: Claim): ClaimFacts => ({
  input: fromHex(input, 32),
  output: fromHex(output, 32),
  traceSalt: traceSalt(operator, requester, requestId),
});

/** A posted claim at one block. */
export type OnChain = {
  readonly claim: Claim;
  readonly standing: Standing;
  /** unix seconds */
  readonly now: number;
  readonly block: number;
};

/** What the chain says of a claim, as the honest player looks at it. */
export const chainView = ({
  claim,
  standing,
  now,
  block,
}: OnChain): Pick<View, "claim" | "status" | "clocks" | "now" | "block"> => ({
  claim: claimFacts(claim),
  // A claim that a reorganisation took back comes again, or its caller forgets it.
  status: standing.status === "none" ? "open" : standing.status,
  clocks: { ...standing, ...standing.parameters },
  now,
  block,
});
