import { compile, type Module } from "@opengradient/compiler";
import { type Access, draft, type Expr, elementsOf, OP, runReference, toKernel } from "@opengradient/program";
import { describe, expect, it } from "vitest";

const load = (space: 1 | 2, index: number, length: number, coef: readonly number[]): Expr => {
  const coordinates = [{ base: 0, extent: length, stride: 1, coef }];
  const access: Access = { space, index, dtype: 1, length, elseWord: 0, dynMask: 0, coordinates };
  return { kind: "load", access, offsets: [] };
};
const kernel = (loops: readonly number[], done: Expr) =>
  toKernel(draft({ outType: 1, loops, folds: [], init: [], step: [], done }));
const added = (a: Expr, b: Expr): Expr => ({ kind: "apply", op: OP.iadd, args: [a, b] });

const ROWS = 2 ** 20;

/** Rows that all are a weight of two elements, as often as `copies` says; twice the weight; and the sum of one element of each. */
function repeated(copies: number): Module {
  const rows = Array.from({ length: copies }, () => kernel([ROWS, 2], load(1, 0, 2, [0, 1])));
  const twice = kernel([2], added(load(1, 0, 2, [1]), load(1, 0, 2, [1])));
  const terms = [...rows.map((_, k) => load(2, k, 2 * ROWS, [1])), load(2, copies, 2, [1])];
  const weight = { dtype: 1, dims: [2] } as const;
  return {
    program: {
      inputs: [],
      weights: [weight],
      kernels: [...rows, twice, kernel([2], terms.reduce(added))],
      outputs: [{ kernel: copies + 1, dims: [2] }],
    },
    weights: [{ ...weight, data: Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0) }],
    labels: Array<string>(copies + 2).fill(""),
  };
}

describe("fold-constants", () => {
  it("folds what there is work left for, in order, and leaves the rest to the run", () => {
    const module = repeated(12);
    const folded = compile(module, { after: "fold-constants" });
    const sources = folded.program.kernels.at(-1)!.accesses.map(({ space }) => space);
    // two of the twelve, and the two elements that hardly take any
    expect(sources).toEqual([1, 1, ...Array<number>(10).fill(2), 1]);
    const elements = folded.weights.reduce((sum, tensor) => sum + elementsOf(tensor), 0);
    expect(elements).toBe(2 + 2 * (2 * ROWS) + 2);
    const few = compile(repeated(2));
    expect(runReference(few.program, few.weights, []).at(-1)).toEqual(Uint8Array.of(4, 0, 0, 0, 8, 0, 0, 0));
  });
});
