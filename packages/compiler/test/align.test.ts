import { type Access, type Affine, product } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { align, compose, loopStrides } from "../src/align.ts";
import { below, tuples } from "./random.ts";

const at = ({ base, coef }: Affine, index: readonly number[]): number =>
  coef.reduce((sum, c, i) => sum + c * index[i]!, base);

/** The address that a static access reads, or −1. */
function addressOf(access: Access, index: readonly number[]): number {
  let address = 0;
  for (const c of access.coordinates) {
    const v = at(c, index);
    if (v < 0 || v >= c.extent) return -1;
    address += v * c.stride;
  }
  return address < access.length ? address : -1;
}

type Draw = (n: number) => number;

const extentsOf = (draw: Draw, most: number): number[] => Array.from({ length: 1 + draw(most) }, () => 2 + draw(5));

/** Coordinates near what kernels have: strides of the writer's loops or multiples, small coefficients, bases around 0. */
function randomAccess(draw: Draw, loops: readonly number[], extents: readonly number[]): Access {
  const strides = loopStrides(loops);
  const coordinates = Array.from({ length: 1 + draw(3) }, () => {
    const j = draw(loops.length);
    const many = draw(3) === 0;
    const coef = extents.map(() => (draw(2) ? 0 : [1, 1, 1, 2, -1, strides[j]!][draw(6)]!));
    const extent = many ? product(loops.slice(0, j + 1)) : loops[j]! + draw(3) - 1;
    return { base: draw(3) ? 0 : draw(7) - 2, extent: Math.max(1, extent), stride: strides[j]!, coef };
  });
  return { space: 2, index: 0, dtype: 0, length: product(loops), elseWord: 7, dynMask: 0, coordinates };
}

describe("align", () => {
  it("says an address in digits that never carry, or gives up", () => {
    let aligned = 0;
    let guarded = 0;
    for (let seed = 0; seed < 12_000; seed++) {
      const draw = below(seed);
      const loops = extentsOf(draw, 3);
      const extents = extentsOf(draw, 3);
      const access = randomAccess(draw, loops, extents);
      const found = align(access, extents, loops);
      if (found === undefined || !("digits" in found)) continue;
      aligned++;
      if (found.guards.length > 0) guarded++;
      for (const index of tuples(extents)) {
        const open = found.guards.every((g) => at(g.at, index) >= 0 && at(g.at, index) < g.extent);
        const digits = found.digits.map((digit, j) =>
          found.guards.filter((g) => g.digit === j).reduce((sum, g) => sum + at(g.at, index), at(digit, index)),
        );
        const address = digits.reduce((sum, digit, j) => sum + digit * loopStrides(loops)[j]!, 0);
        expect(open ? address : -1, `seed ${seed} at ${index}`).toBe(addressOf(access, index));
        if (open)
          for (const [j, digit] of digits.entries()) expect(digit >= 0 && digit < loops[j]!, `seed ${seed}`).toBe(true);
      }
    }
    expect(aligned).toBeGreaterThan(900);
    expect(guarded).toBeGreaterThan(300);
  });
});

describe("compose", () => {
  it("reads through two boxes what reading them one after the other gives", () => {
    let composed = 0;
    for (let seed = 0; seed < 12_000; seed++) {
      const draw = below(seed + 1_000_000);
      const [source, loops, extents] = [extentsOf(draw, 3), extentsOf(draw, 3), extentsOf(draw, 2)];
      const outer = randomAccess(draw, loops, extents);
      const inner = { ...randomAccess(draw, source, loops), elseWord: draw(2) ? 7 : 9 };
      const aligned = align(outer, extents, loops);
      if (aligned === undefined || !("digits" in aligned)) continue;
      const both = compose(aligned, outer.elseWord, inner, loops);
      if (both === undefined) continue;
      composed++;
      const strides = loopStrides(loops);
      for (const index of tuples(extents)) {
        const middle = addressOf(outer, index);
        const digits = loops.map((extent, j) => Math.floor(middle / strides[j]!) % extent);
        const inside = middle < 0 ? -1 : addressOf(inner, digits);
        const expected = inside >= 0 ? `at ${inside}` : `else ${middle < 0 ? outer.elseWord : inner.elseWord}`;
        const address = addressOf(both, index);
        expect(address >= 0 ? `at ${address}` : `else ${both.elseWord}`, `seed ${seed} at ${index}`).toBe(expected);
      }
    }
    expect(composed).toBeGreaterThan(600);
  });
});
