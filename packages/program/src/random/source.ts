/** Seeded randomness for fuzzing: the same seed gives the same words on every machine. */

export type Random = {
  /** 32 bits, as a signed integer */
  readonly word: () => number;
  /** 0 … n−1 */
  readonly below: (n: number) => number;
  /** low … high */
  readonly between: (low: number, high: number) => number;
  readonly pick: <T>(list: readonly T[]) => T;
  /** true once in n times */
  readonly oneIn: (n: number) => boolean;
};

export function randomFrom(seed: number): Random {
  let state = seed | 0;
  // mulberry32
  const word = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return t ^ (t >>> 14);
  };
  const below = (n: number): number => (word() >>> 0) % n;
  return {
    word,
    below,
    between: (low, high) => low + below(high - low + 1),
    pick: (list) => list[below(list.length)]!,
    oneIn: (n) => below(n) === 0,
  };
}
