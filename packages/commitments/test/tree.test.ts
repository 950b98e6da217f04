import { describe, expect, it } from "vitest";
import {
  CommitmentError,
  childCount,
  clog2,
  descendants,
  hashAt,
  keccak,
  levelSize,
  pathLength,
  pathOf,
  rootFromPath,
  rootFromSpan,
  rootOf,
  spanSiblingCount,
  spanSiblings,
  tensorHeight,
  treeLevels,
  treeRoot,
  ZERO_HASH,
} from "../src/index.ts";

const list = (n: number): Uint8Array => {
  const out = new Uint8Array(32 * n);
  for (let i = 0; i < n; i++) out.set(keccak(Uint8Array.of(i & 255, i >> 8)), 32 * i);
  return out;
};

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 31, 33];

describe("trees", () => {
  it("of nothing have the zero root, of one hash that hash", () => {
    expect(treeRoot(list(0))).toEqual(ZERO_HASH);
    expect(treeRoot(list(1))).toEqual(list(1));
  });

  it("have ⌈n/2^L⌉ nodes at level L and one at level clog2(n)", () => {
    for (const n of SIZES) {
      const levels = treeLevels(list(n));
      expect(levels.length).toBe(clog2(n) + 1);
      for (const [level, hashes] of levels.entries()) expect(hashes.length / 32).toBe(levelSize(n, level));
    }
  });

  it("refuse a list that is not whole hashes", () => {
    expect(() => treeLevels(new Uint8Array(33))).toThrow(CommitmentError);
  });
});

describe("paths", () => {
  it("lead from every node of every level to the root", () => {
    for (const count of SIZES) {
      const levels = treeLevels(list(count));
      for (const [level, hashes] of levels.entries())
        for (let index = 0; index < hashes.length / 32; index++) {
          const path = pathOf(levels, level, index);
          expect(path.length).toBe(32 * pathLength({ count, level, index }));
          expect(rootFromPath(hashAt(hashes, index), { count, level, index }, path)).toEqual(rootOf(levels));
        }
    }
  });

  it("lead elsewhere from another place, another hash, another sibling", () => {
    const levels = treeLevels(list(8));
    const path = pathOf(levels, 0, 3);
    const place = { count: 8, level: 0, index: 3 };
    const leaf = hashAt(levels[0]!, 3);
    expect(rootFromPath(leaf, { ...place, index: 2 }, path)).not.toEqual(rootOf(levels));
    expect(rootFromPath(hashAt(levels[0]!, 2), place, path)).not.toEqual(rootOf(levels));
    const bent = path.slice();
    bent[40]! ^= 1;
    expect(rootFromPath(leaf, place, bent)).not.toEqual(rootOf(levels));
  });

  it("refuse a wrong length and a place that does not exist", () => {
    const levels = treeLevels(list(5));
    const place = { count: 5, level: 0, index: 1 };
    expect(() => rootFromPath(list(1), place, pathOf(levels, 0, 1).subarray(32))).toThrow(CommitmentError);
    expect(() => rootFromPath(list(1), { ...place, index: 5 }, list(3))).toThrow(/no node 5/);
    expect(() => pathOf(levels, 4, 0)).toThrow(CommitmentError);
  });
});

describe("spans", () => {
  it("open every range of every list", () => {
    for (const of of SIZES) {
      const levels = treeLevels(list(of));
      for (let first = 0; first < of; first++)
        for (let count = 1; first + count <= of; count++) {
          const siblings = spanSiblings(levels, first, count);
          expect(siblings.length).toBe(32 * spanSiblingCount({ of, first, count }));
          const nodes = list(of).subarray(32 * first, 32 * (first + count));
          expect(rootFromSpan(nodes, of, first, siblings)).toEqual(rootOf(levels));
        }
    }
  });

  it("need at most two siblings a level, none for the whole list", () => {
    expect(spanSiblingCount({ of: 1024, first: 301, count: 2 })).toBeLessThanOrEqual(20);
    expect(spanSiblingCount({ of: 33, first: 0, count: 33 })).toBe(0);
  });

  it("are bound to their place and their siblings", () => {
    const levels = treeLevels(list(9));
    const siblings = spanSiblings(levels, 2, 3);
    const nodes = list(9).subarray(64, 160);
    expect(() => rootFromSpan(nodes, 9, 2, siblings.subarray(32))).toThrow(CommitmentError);
    expect(() => rootFromSpan(nodes, 9, 8, siblings)).toThrow(CommitmentError);
    const bent = siblings.slice();
    bent[0]! ^= 1;
    expect(rootFromSpan(nodes, 9, 2, bent)).not.toEqual(rootOf(levels));
  });
});

describe("descendants", () => {
  it("have the node as their root, whatever the size of the tree", () => {
    for (const n of [1, 2, 255, 256, 257, 600, 1025, 66_000]) {
      const levels = treeLevels(list(n));
      for (let j = Math.max(1, tensorHeight(n)); j >= 1; j--)
        for (let i = 0; i < levelSize(n, 8 * j); i++) {
          const below = descendants(levels, j, i);
          expect(below.length).toBe(32 * childCount(n, j, i));
          const level = Math.min(8 * j, levels.length - 1);
          expect(treeRoot(below)).toEqual(hashAt(levels[level]!, i));
        }
    }
  });

  it("do not exist beyond the tree", () => {
    expect(() => descendants(treeLevels(list(300)), 1, 2)).toThrow(CommitmentError);
    expect(childCount(300, 1, 2)).toBe(0);
  });
});
