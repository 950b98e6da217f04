/** Math.min of two amounts. */
export const lesser = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Math.max of two amounts. */
export const greater = (a: bigint, b: bigint): bigint => (b < a ? a : b);
