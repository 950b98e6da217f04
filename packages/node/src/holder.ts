import {
  type BatchStanding,
  batchStanding,
  type ClaimStatus,
  checkLeaf,
  claimStanding,
  type Leaf,
  type Reader,
  type Receipt,
} from "@opengradient/protocol";
import { fetchLeaf } from "./remote.ts";

/** A signed claim that somebody was given, with its place in a batch once that is known. */
export type HeldClaim = { readonly receipt: Receipt; readonly leaf?: Leaf | undefined };

/** What protects the holder of a claim now, and what it has to do for it. Times in unix seconds. */
export type Safety =
  /** on chain by itself: asked for there, shown or lodged */
  | { readonly state: Exclude<ClaimStatus, "none"> }
  /** in a posted batch, and the path is here: it can be shown and challenged until `windowEnd`, unless it is released */
  | { readonly state: "batched"; readonly leaf: Leaf; readonly batch: BatchStanding }
  /** fell while it was only lodged, and its batch still holds 3c for it: who shows it has the coverage paid */
  | { readonly state: "fallen"; readonly leaf: Leaf; readonly batch: BatchStanding }
  /** signed only: the operator may post it until `until` */
  | { readonly state: "signed"; readonly until: number }
  /** signed and not posted in time: it is to be lodged before `until` */
  | { readonly state: "overdue"; readonly until: number }
  /** neither posted nor lodged in time: nothing is behind it any more */
  | { readonly state: "lapsed" };

const DAY = 24 * 3600;

/**
 * Where a held claim stands, by the chain alone; the operator is asked only for the path.
 * @param endpoint of its operator
 * @param now unix seconds of the chain
 */
export async function safetyOf(reader: Reader, held: HeldClaim, endpoint: string, now: number): Promise<Safety> {
  const { claim, chainId, market } = held.receipt;
  const { id, status, backing } = await claimStanding(reader, claim);
  const fallen = status === "void" && backing === "bond";
  if (status !== "none" && !fallen) return { state: status };
  const leaf = held.leaf ?? (await fetchLeaf(endpoint, id).catch(() => undefined));
  const posted = leaf && (await standingOf(reader, { chainId, market }, claim, leaf));
  if (fallen) return posted && !posted.released ? { state: "fallen", leaf, batch: posted } : { state: "void" };
  if (posted) return { state: "batched", leaf, batch: posted };
  const postBy = Number(claim.postBy);
  if (now <= postBy) return { state: "signed", until: postBy };
  return now <= postBy + DAY ? { state: "overdue", until: postBy + DAY } : { state: "lapsed" };
}

/** undefined for a leaf that is not this claim's, or of a batch that is not on chain. */
async function standingOf(
  reader: Reader,
  domain: Parameters<typeof checkLeaf>[0],
  claim: Receipt["claim"],
  leaf: Leaf,
): Promise<BatchStanding | undefined> {
  try {
    checkLeaf(domain, claim, leaf);
  } catch {
    return undefined;
  }
  const standing = await batchStanding(reader, leaf.batch);
  return standing.windowEnd ? standing : undefined;
}
