/** mulberry32 as whole numbers below n: the same on every machine. */
export function below(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

/** All index tuples over extents, row-major. */
export function* tuples(extents: readonly number[]): Generator<number[]> {
  if (extents.length === 0) return yield [];
  for (const head of tuples(extents.slice(0, -1))) for (let i = 0; i < extents.at(-1)!; i++) yield [...head, i];
}
