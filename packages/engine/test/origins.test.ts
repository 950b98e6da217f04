import type { Kernel } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { access, type Case, coordinate, random, tensor } from "./builders.ts";
import { compare } from "./compare.ts";

const base = { outType: 0, groupSize: 1, groupPos: 0 } as const;
const source = (space: 0 | 2, index: number, length: number) => ({ space, index, dtype: 0, length }) as const;

type Shape = {
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  /** the copy runs through the matrix backwards */
  readonly backwards?: boolean;
  /** columns that the product leaves out at the start */
  readonly from?: number;
};

/** A [rows][depth] times B [depth][columns], through a copy of B as [columns][depth]. */
function copiedProduct({ rows, depth, columns, backwards = false, from = 0 }: Shape): Case {
  const length = depth * columns;
  const [by, first] = backwards ? [-1, length - 1] : [1, 0];
  const copy: Kernel = {
    ...base,
    loops: [columns, depth],
    folds: [],
    state: 0,
    accesses: [access(source(0, 1, length), [coordinate(length, 1, [by, by * columns], first)])],
    constants: [],
    init: [],
    step: [],
    done: [[0, 0, 0, 0]],
    results: [16],
  };
  const product: Kernel = {
    ...base,
    loops: [rows, columns - from],
    folds: [depth],
    state: 1,
    accesses: [
      access(source(0, 0, rows * depth), [coordinate(rows * depth, 1, [depth, 0, 1])]),
      access(source(2, 0, length), [coordinate(length, 1, [0, depth, 1], from * depth)]),
    ],
    constants: [0],
    init: [],
    step: [
      [0, 0, 0, 0],
      [0, 1, 0, 0],
      [3, 17, 18, 0],
      [1, 0, 19, 0],
    ],
    done: [],
    results: [16, 20, 0],
  };
  const next = random(rows + depth);
  const inputs = [tensor(next, 0, [rows, depth], "special"), tensor(next, 0, [depth, columns], "special")];
  const outputs = [{ kernel: 1, dims: [rows, columns - from] }];
  return { program: { inputs, weights: [], kernels: [copy, product], outputs }, weights: [], inputs };
}

/** Whether the product's stages read the second input itself. */
async function readsOrigin(shape: Shape): Promise<boolean> {
  const { plans } = await compare(copiedProduct(shape));
  const sources = plans[1]!.stages.flatMap((stage) => stage.sources);
  const reads = (kind: string, index: number): boolean => sources.some((s) => s.kind === kind && s.index === index);
  expect(reads("input", 1)).toBe(!reads("result", 0));
  return reads("input", 1);
}

describe("a product of a transposed copy", () => {
  it.each([
    { rows: 16, depth: 24, columns: 32 },
    { rows: 9, depth: 5, columns: 13 },
    { rows: 12, depth: 6, columns: 21, backwards: true },
  ])("packs from what was copied, and a trace still has the copy: %o", async (shape) => {
    expect(await readsOrigin(shape)).toBe(true);
  });

  it.each([
    { rows: 3, depth: 8, columns: 16 },
    { rows: 9, depth: 5, columns: 13, from: 2 },
  ])("reads the copy where nothing is packed, or the read starts inside: %o", async (shape) => {
    expect(await readsOrigin(shape)).toBe(false);
  });
});
