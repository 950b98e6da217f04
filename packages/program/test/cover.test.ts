import { describe, expect, it } from "vitest";
import { coverLeaves, type Run } from "../src/cover.ts";
import { randomFrom } from "../src/random/index.ts";

const bytesOf = (runs: readonly Run[], depth: number): number =>
  runs.reduce((all, { count }) => all + 8 + 64 * depth + 256 * count, 0);

/** The fewest bytes over all ways to cut the touched leaves into neighbours that share a span. */
function fewest(leaves: readonly number[], depth: number): number {
  const best = [0];
  for (let end = 1; end <= leaves.length; end++) {
    const options = Array.from({ length: end }, (_, start) => {
      const count = leaves[end - 1]! - leaves[start]! + 1;
      return best[start]! + bytesOf([{ first: leaves[start]!, count }], depth);
    });
    best.push(Math.min(...options));
  }
  return best[leaves.length]!;
}

describe("spans over touched leaves", () => {
  it("take as few bytes as can be, apart, ascending, and hold every leaf", () => {
    const random = randomFrom(3);
    for (let n = 0; n < 500; n++) {
      const depth = random.between(0, 20);
      const touched = [
        ...new Set(Array.from({ length: random.between(1, 30) }, () => random.below(2 ** Math.min(depth, 6)))),
      ];
      const leaves = touched.sort((a, b) => a - b);
      const runs = coverLeaves(leaves, depth, 0);
      expect(bytesOf(runs, depth)).toBe(fewest(leaves, depth));
      for (const leaf of leaves)
        expect(runs.filter(({ first, count }) => first <= leaf && leaf < first + count)).toHaveLength(1);
      for (const [i, run] of runs.entries())
        if (i) expect(run.first).toBeGreaterThan(runs[i - 1]!.first + runs[i - 1]!.count);
    }
  });

  it("become one span where the formula allows it and gas is saved", () => {
    // depth 7, every third leaf: 42 gaps of two leaves cost 512 bytes each, a span 456
    const leaves = Array.from({ length: 43 }, (_, i) => 3 * i);
    expect(coverLeaves(leaves, 7, 0)).toHaveLength(43);
    expect(coverLeaves(leaves, 7, 8 + 64 * 7 + 256 * 128)).toEqual([{ first: 0, count: 127 }]);
  });

  it("of nothing are none", () => {
    expect(coverLeaves([], 4, 0)).toEqual([]);
  });
});
