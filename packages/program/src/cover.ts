/** Which leaves to open together. */
import { footprint, sourcesOf } from "./cost.ts";
import type { Kernel } from "./types.ts";

export type Run = { readonly first: number; readonly count: number };

const LEAF = 256;

const spanOverhead = (depth: number): number => 8 + 64 * depth;

const bytesOf = (runs: readonly Run[], depth: number): number =>
  runs.reduce((all, { count }) => all + spanOverhead(depth) + LEAF * count, 0);

/** By the rates of docs/spec/cost.md. */
const gasOf = (runs: readonly Run[], depth: number): number =>
  runs.reduce((all, { count }) => all + 1_500 + 500 * depth + 600 * count, 16 * bytesOf(runs, depth));

/** Runs of neighbours; two runs join when the leaves between them take fewer bytes than another span. */
function fewestBytes(leaves: readonly number[], depth: number): Run[] {
  const runs: Run[] = [];
  for (const leaf of leaves) {
    const last = runs.at(-1);
    const gap = last ? leaf - last.first - last.count : 0;
    if (last && LEAF * gap < spanOverhead(depth)) runs[runs.length - 1] = { ...last, count: last.count + gap + 1 };
    else runs.push({ first: leaf, count: 1 });
  }
  return runs;
}

/**
 * Spans over the touched leaves (ascending) of a tree of this depth: as few bytes as can be, or one span over all of them
 * when that costs less gas and no more bytes than the formula of cost.md allows for the source. Either way both of the
 * formula's sums hold.
 */
export function coverLeaves(leaves: readonly number[], depth: number, allowance: number): Run[] {
  const runs = fewestBytes(leaves, depth);
  if (runs.length < 2) return runs;
  const one = [{ first: leaves[0]!, count: leaves.at(-1)! - leaves[0]! + 1 }];
  return bytesOf(one, depth) <= allowance && gasOf(one, depth) < gasOf(runs, depth) ? one : runs;
}

/** Bytes that the formula allows for the leaves of each source, the answer's own span not counted. */
export function sourceAllowance(kernel: Kernel, k: number): number[] {
  return sourcesOf(kernel, k).map((source) =>
    kernel.accesses.reduce((all, { space, index }, a) => {
      if (space !== source.space || index !== source.index) return all;
      const { spans, leafCount, depth } = footprint(kernel, a);
      return all + spans * spanOverhead(depth) + LEAF * leafCount;
    }, 0),
  );
}
