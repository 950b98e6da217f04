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
