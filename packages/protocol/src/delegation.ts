import { delegationAbi } from "@opengradient/bindings";
import type { Address } from "viem";
import type { Reader } from "./client.ts";

/** One half of an operator's pool of delegated OPG: docs/spec/claim.md, Delegation. */
export type PoolHalf = { readonly tokens: bigint; readonly shares: bigint };

/** Virtual shares that keep the price of an empty pool defined; one unit of OPG stands beside them. */
const VIRTUAL = 1_000_000n;

/** Shares that `amount` OPG buys, rounded down. */
export const sharesFor = (amount: bigint, { tokens, shares }: PoolHalf): bigint =>
  (amount * (shares + VIRTUAL)) / (tokens + 1n);

/** OPG that `amount` shares are worth, rounded down. */
export const tokensFor = (amount: bigint, { tokens, shares }: PoolHalf): bigint =>
  (amount * (tokens + 1n)) / (shares + VIRTUAL);

/** Whether a slash that leaves so much ends this half: its shares are worth nothing from then on. */
export const wornOut = ({ tokens, shares }: PoolHalf): boolean => shares > (tokens + 1n) * VIRTUAL * 100_000n;

/** What burns of `tokens` when a slash takes `taken` of an operator's `own` stake, rounded up. */
export const burntWith = (tokens: bigint, taken: bigint, own: bigint): bigint => (tokens * taken + own - 1n) / own;

/** What one delegator has with one operator; OPG's smallest unit, unix seconds. */
export type DelegationState = {
  readonly shares: bigint;
  /** what the shares are worth now */
  readonly active: bigint;
  readonly thawing: bigint;
  /** after it what thaws can be withdrawn */
  readonly thawedAt: number;
  /** all that is delegated to the operator and earns */
  readonly pool: PoolHalf;
  /** basis points of what the pool earns that its delegators get: before `from`, and from then on */
  readonly cut: { readonly bps: number; readonly nextBps: number; readonly from: number };
};

export async function readDelegation(
  { chain, addresses }: Reader,
  { operator, delegator }: { operator: Address; delegator: Address },
): Promise<DelegationState> {
  const at = { address: addresses.delegation, abi: delegationAbi } as const;
  const [pool, own, cut] = await Promise.all([
    chain.readContract({ ...at, functionName: "pools", args: [operator] }),
    chain.readContract({ ...at, functionName: "positions", args: [operator, delegator] }),
    chain.readContract({ ...at, functionName: "cutOf", args: [operator] }),
  ]);
  return {
    shares: own.shares,
    active: tokensFor(own.shares, pool),
    thawing: tokensFor(own.thawShares, { tokens: pool.thawing, shares: pool.thawShares }),
    thawedAt: Number(own.thawedAt),
    pool: { tokens: pool.tokens, shares: pool.shares },
    cut: { bps: cut.bps, nextBps: cut.nextBps, from: Number(cut.from) },
  };
}
