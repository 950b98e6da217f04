import type { Instruction, Kernel } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { plan } from "../src/index.ts";
import { access, type Case, coordinate, random, tensor } from "./builders.ts";
import { compare } from "./compare.ts";

const T = 5;
const N = 9;
const LD = (a: number): Instruction => [0, a, 0, 0];

const base = { outType: 0, state: 0, folds: [], init: [], step: [], groupSize: 1, groupPos: 0 } as const;
const input = { space: 0, index: 0, dtype: 0, length: T * N } as const;
const result = (index: number): Parameters<typeof access>[0] => ({ space: 2, index, dtype: 0, length: T * N });
const here = coordinate(T * N, 1, [N, 1]);
const before = [coordinate(T, N, [1, 0], -1), coordinate(N, 1, [0, 1])];

function groupCase(kernels: readonly Kernel[]): Case {
  const inputs = [tensor(random(1), 0, [T, N], "special")];
  const outputs = kernels.map((_, kernel) => ({ kernel, dims: [T, N] }));
  return { program: { inputs, weights: [], kernels, outputs }, weights: [], inputs };
}

describe("recurrent groups", () => {
  it("a running sum: a kernel alone that reads itself", async () => {
    const kernel: Kernel = {
      ...base,
      loops: [T, N],
      accesses: [access(input, [here]), access(result(0), before)],
      constants: [],
      done: [LD(0), LD(1), [1, 16, 17, 0]],
      results: [18],
    };
    await compare(groupCase([kernel]));
  });

  it("what is not yet written gives the else-word: same slice of itself and of later members", async () => {
    const member = (groupPos: number, other: number): Kernel => ({
      ...base,
      loops: [T, N],
      accesses: [
        access(input, [here]),
        access(result(groupPos), [here], 0x7f8abcde),
        access(result(other), [here], 0x40000000),
        access(result(other), [coordinate(T * N, 1, [0, 1], 0)], 0x40400000),
      ],
      constants: [],
      done: [LD(0), LD(1), LD(2), LD(3), [32, 16, 17, 0], [17, 18, 20, 0], [32, 19, 21, 0]],
      results: [22],
      groupPos,
      groupSize: 2,
    });
    await compare(groupCase([member(0, 1), member(1, 0)]));
  });

  it("a cell: a product with what the last slice gave, then a map over it", async () => {
    const weights = [tensor(random(2), 0, [N, N], "plain")];
    const dot: Kernel = {
      ...base,
      loops: [T, N],
      folds: [N],
      state: 1,
      accesses: [
        access(result(1), [coordinate(T, N, [1, 0, 0], -1), coordinate(N, 1, [0, 0, 1])]),
        access({ space: 1, index: 0, dtype: 0, length: N * N }, [coordinate(N * N, 1, [0, N, 1])]),
        access(input, [coordinate(T * N, 1, [N, 1, 0])]),
      ],
      constants: [],
      init: [LD(2)],
      step: [LD(0), LD(1), [3, 16, 17, 0], [1, 0, 18, 0]],
      done: [],
      results: [16, 19, 0],
      groupPos: 0,
      groupSize: 2,
    };
    const map: Kernel = {
      ...base,
      loops: [T, N],
      accesses: [access(result(0), [here]), access(result(1), before, 0x3f800000)],
      constants: [0x3f800000],
      done: [LD(0), LD(1), [6, 17, 16, 0], [2, 19, 18, 0]],
      results: [20],
      groupPos: 1,
      groupSize: 2,
    };
    const { program, inputs } = groupCase([dot, map]);
    const compiled = await compare({ program: { ...program, weights }, weights, inputs });
    expect(plan(compiled)[0]).toMatchObject({
      path: "tiles",
      note: expect.stringMatching(/^1 × 8 of 1 × 9.*rows copied/),
    });
  });

  it("a cell of several rows: a product with what this slice gave already, read where it lies, then with the last", async () => {
    const B = 6;
    const length = T * B * N;
    const source = (space: 0 | 2, index: number) => ({ space, index, dtype: 0, length }) as const;
    const inputs = [tensor(random(3), 0, [T, B, N], "special")];
    const weights = [tensor(random(4), 0, [N, N], "plain"), tensor(random(5), 0, [N, N], "plain")];
    const all = [coordinate(length, 1, [B * N, N, 1])];
    const map: Kernel = {
      ...base,
      loops: [T, B, N],
      accesses: [access(source(0, 0), all), access(source(2, 2), [coordinate(T, B * N, [1, 0, 0], -1), ...inRow(B)])],
      constants: [],
      done: [LD(0), LD(1), [1, 16, 17, 0]],
      results: [18],
      groupSize: 3,
    };
    const dot = (groupPos: number, rows: Parameters<typeof access>[0], lead: number): Kernel => ({
      ...base,
      loops: [T, B, N],
      folds: [N],
      state: 1,
      accesses: [
        access(rows, [
          coordinate(T, B * N, [1, 0, 0, 0], lead),
          coordinate(B, N, [0, 1, 0, 0]),
          coordinate(N, 1, [0, 0, 0, 1]),
        ]),
        access({ space: 1, index: groupPos - 1, dtype: 0, length: N * N }, [coordinate(N * N, 1, [0, 0, N, 1])]),
      ],
      constants: [0x3f800000],
      step: [LD(0), LD(1), [3, 17, 18, 0], [1, 0, 19, 0]],
      results: [16, 20, 0],
      done: [],
      groupPos,
      groupSize: 3,
    });
    const kernels = [map, dot(1, source(2, 0), 0), dot(2, source(2, 1), -1)];
    const outputs = kernels.map((_, kernel) => ({ kernel, dims: [T, B, N] }));
    const compiled = await compare({ program: { inputs, weights, kernels, outputs }, weights, inputs });
    const notes = plan(compiled).map(({ note }) => note);
    expect(notes[1]).toBe("3 × 8 of 6 × 9, 12 columns computed, columns packed at load");
    expect(notes[2]).toBe("3 × 8 of 6 × 9, 12 columns computed, rows copied, columns packed at load");
  });
});

/** Coordinates of a row's element, over slice, row and column. */
const inRow = (rows: number) => [coordinate(rows, N, [0, 1, 0]), coordinate(N, 1, [0, 0, 1])];
