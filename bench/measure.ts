/** Interleaved timing: every round runs each candidate for about as long, so that a busy machine is busy for all of them. */

/** Calls some number of times and gives milliseconds a call. */
export type Candidate = { readonly name: string; readonly time: (calls: number) => Promise<number> };

export type Timing = {
  /** milliseconds of the very first call */
  readonly first: number;
  /** median over the rounds of milliseconds a call */
  readonly median: number;
  readonly best: number;
  readonly rounds: readonly number[];
};

/** Long enough that the clock and a message between processes do not show. */
const ROUND_MS = 12;
const WARM_UP_MS = 300;

/** Calls of a candidate that fill a round. Also gives tiered compilers time to finish. */
async function warmUp({ time }: Candidate): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + WARM_UP_MS;
  do best = Math.min(best, await time(Number.isFinite(best) ? Math.max(1, Math.round(1 / best)) : 1));
  while (performance.now() < end);
  return Math.max(1, Math.round(ROUND_MS / best));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export async function interleave(candidates: readonly Candidate[], rounds: number): Promise<Map<string, Timing>> {
  const firsts: number[] = [];
  for (const { time } of candidates) firsts.push(await time(1));
  const calls: number[] = [];
  for (const candidate of candidates) calls.push(await warmUp(candidate));
  const times = candidates.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    // each round starts with another candidate, so that none always follows the same neighbour
    for (let i = 0; i < candidates.length; i++) {
      const c = (i + round) % candidates.length;
      times[c]!.push(await candidates[c]!.time(calls[c]!));
    }
  }
  return new Map(
    candidates.map(({ name }, c) => {
      const list = times[c]!;
      return [name, { first: firsts[c]!, median: median(list), best: Math.min(...list), rounds: list }];
    }),
  );
}

/** How many times as fast `ours` is as `other`: the median of the rounds' ratios, and the ratio of the best rounds. */
export const ratioOf = (other: Timing, ours: Timing): { readonly median: number; readonly best: number } => ({
  median: median(other.rounds.map((ms, i) => ms / ours.rounds[i]!)),
  best: other.best / ours.best,
});
