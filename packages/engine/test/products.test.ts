import { type Kernel, validateProgram } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { plan } from "../src/index.ts";
import {
  access,
  addedInInit,
  below,
  type Case,
  type ConvShape,
  conv,
  coordinate,
  floatInInit,
  type MatmulShape,
  matmul,
  partialSums,
  pick,
  random,
  repeated,
  tensor,
  type Values,
} from "./builders.ts";
import { compare } from "./compare.ts";

const BOTH: readonly Values[] = ["plain", "special"];

const product: MatmulShape = { batch: 1, m: 8, n: 16, k: 12, weight: true, batched: false, bias: true };

const MATMULS: readonly (readonly [string, Partial<MatmulShape>, RegExp])[] = [
  ["4 × 8 blocks", {}, /^4 × 8 of 8 × 16/],
  ["rows that four do not divide", { m: 7 }, /^4 × 8 of 7 × 16/],
  ["three rows", { m: 3 }, /^3 × 8/],
  ["five rows as blocks of three", { m: 5 }, /^3 × 8 of 5/],
  ["two rows, 16 columns", { m: 2, n: 35 }, /^2 × 16 of 2 × 35/],
  ["one row, 32 columns", { m: 1, n: 77 }, /^1 × 32 of 1 × 77/],
  ["one row, ten columns", { m: 1, n: 10 }, /^1 × 8 .* 12 columns computed/],
  ["four columns", { n: 4 }, /^4 × 4/],
  ["a last panel that overlaps", { n: 15 }, /16 columns computed/],
  ["a last narrow panel that overlaps", { n: 10 }, /12 columns computed/],
  ["two steps", { k: 2 }, /^4 × 8/],
  ["no bias", { bias: false }, /^4 × 8/],
  ["batches that join the rows", { batch: 3 }, /^4 × 8 of 24/],
  ["a weight for each batch", { batch: 3, batched: true }, /^4 × 8 of 8 × 16.*packed at load/],
  ["two inputs", { weight: false, m: 9 }, /columns packed$/],
  ["two inputs, batched", { weight: false, m: 9, batch: 2, batched: true }, /columns packed$/],
];

describe("matrix products", () => {
  it.each(MATMULS)("%s", async (_, change, note) => {
    for (const values of BOTH) {
      const compiled = await compare(matmul({ ...product, ...change }, random(7), values));
      expect(plan(compiled)[0]).toMatchObject({ path: "tiles", note: expect.stringMatching(note) });
    }
  });

  it.each([
    ["partial sums: the columns are not the last axis, and are stored apart", partialSums, /^3 × 8 of 5 × 18/],
    ["a matrix added first, in the state's beginning", addedInInit, /^4 × 8 of 8 × 9/],
    ["integers onto the bits of an f32 sum", floatInInit, /^4 × 8 of 8 × 9/],
    ["results repeated along an axis of their own", repeated, /^3 × 8 of 24 × 9/],
  ] as const)("%s", async (_, build, note) => {
    for (const values of BOTH) {
      const compiled = await compare(build(random(9), values));
      expect(plan(compiled)[0]).toMatchObject({ path: "tiles", note: expect.stringMatching(note) });
    }
  });

  it("leaves three columns, and few rows times an input's columns, to other paths", async () => {
    for (const change of [{ n: 3 }, { weight: false, m: 2 }]) {
      const compiled = await compare(matmul({ ...product, ...change }, random(8), "special"));
      expect(plan(compiled)[0]!.path).not.toBe("tiles");
    }
  });
});

const square: ConvShape = {
  dtype: 0,
  batch: 1,
  height: 9,
  width: 8,
  channels: 3,
  groups: 1,
  outputs: 8,
  kernel: [3, 3],
  stride: 1,
  dilation: 1,
  pad: 1,
  zeroPoints: 0,
  elseWord: 0,
  bias: true,
  epilogue: "relu",
};

const CONVS: readonly (readonly [string, Partial<ConvShape>, RegExp])[] = [
  ["padded", {}, /rows copied/],
  ["not padded: the rows are read where they lie", { pad: 0 }, /^(?!.*rows copied)/],
  ["stride 2", { stride: 2 }, /rows copied/],
  ["dilation 2", { dilation: 2, pad: 2 }, /rows copied/],
  ["one channel", { channels: 1 }, /rows copied/],
  ["1 × 1 kernel: all pixels are rows", { kernel: [1, 1], pad: 0 }, /of 72 × 8/],
  ["batches", { batch: 2 }, /rows copied/],
  ["13 outputs", { outputs: 13 }, /16 columns computed/],
  ["padding with −0", { elseWord: 0x80000000 }, /rows copied/],
  ["padding with infinity", { elseWord: 0x7f800000 }, /rows copied/],
  ["padding with a NaN of its own", { elseWord: 0xffc12345 }, /rows copied/],
  ["clipped", { epilogue: "clip" }, /rows copied/],
  ["a residual", { epilogue: "residual" }, /rows copied/],
  ["i8", { dtype: 2 }, /pairs of 16 bits/],
  ["i8, an even number of channels", { dtype: 2, channels: 6 }, /pairs of 16 bits/],
  ["i8, one channel: pairs along the kernel", { dtype: 2, channels: 1 }, /pairs of 16 bits/],
  ["u8 with a zero point", { dtype: 3, zeroPoints: 1, elseWord: 3 }, /pairs of 16 bits/],
  ["i8 with both zero points, not padded", { dtype: 2, zeroPoints: 2, pad: 0 }, /pairs of 16 bits/],
  ["u8 in groups, stride 2", { dtype: 3, zeroPoints: 2, groups: 2, stride: 2 }, /pairs of 16 bits/],
  ["i8 with the least word of 16 bits around", { dtype: 2, elseWord: 0xffff8000 }, /pairs of 16 bits/],
  ["i8 with a word around that 16 bits do not hold", { dtype: 2, elseWord: 0x8000 }, /^(?!.*pairs)/],
  ["i8 with steps that are no neighbours", { dtype: 2, channels: 1, dilation: 2, pad: 2 }, /^(?!.*pairs)/],
];

describe("convolutions", () => {
  it.each(CONVS)("%s", async (_, change, note) => {
    for (const values of BOTH) {
      const compiled = await compare(conv({ ...square, ...change }, random(11), values));
      expect(plan(compiled)[0]).toMatchObject({ path: "tiles", note: expect.stringMatching(note) });
    }
  });

  it("depthwise: lanes over the groups, padding and weights written out first", async () => {
    for (const values of BOTH) {
      const shape = { ...square, channels: 1, outputs: 1, groups: 19 };
      const compiled = await compare(conv(shape, random(12), values));
      expect(plan(compiled)[0]).toMatchObject({ path: "vectors", note: "4 × 4 of 19, 2 copied first" });
    }
  });

  it("60 random shapes", async () => {
    let tiles = 0;
    let pairs = 0;
    for (let seed = 0; seed < 60; seed++) {
      const next = random(seed);
      const kernel: [number, number] = [1 + below(next, 3), 1 + below(next, 3)];
      const given = conv(
        {
          dtype: pick(next, [0, 0, 2, 3] as const),
          batch: 1 + below(next, 2),
          height: 5 + below(next, 4),
          width: 5 + below(next, 6),
          channels: pick(next, [1, 2, 3, 5]),
          groups: pick(next, [1, 1, 2, 3]),
          outputs: pick(next, [1, 2, 4, 5, 8, 13]),
          kernel,
          stride: 1 + below(next, 2),
          dilation: 1 + below(next, 2),
          pad: below(next, 3),
          zeroPoints: below(next, 3),
          elseWord: pick(next, [0, 0x80000000, 0x7fc12345, 0x7f800000, 3]),
          bias: below(next, 2) === 0,
          epilogue: pick(next, ["none", "relu", "clip", "residual"] as const),
        },
        next,
        pick(next, BOTH),
      );
      // a fold of one step is a map, which this builder does not make
      if (given.program.kernels[0]!.folds.length === 0) continue;
      validateProgram(given.program);
      const compiled = await compare(given).catch((cause) => {
        throw new Error(`seed ${seed}`, { cause });
      });
      if (plan(compiled)[0]!.path === "tiles") tiles++;
      if (plan(compiled)[0]!.note.includes("pairs")) pairs++;
    }
    expect(tiles).toBeGreaterThan(25);
    expect(pairs).toBeGreaterThan(8);
  });
});

describe("integers whose zero point is known at run time only", () => {
  /** (a − zero) [6][10], written as words by a map of its own, times the weight b [12][10]. */
  function dynamic(difference: readonly [number, number, number, number]): Case {
    const next = random(21);
    const inputs = [tensor(next, 3, [6, 10], "plain"), tensor(next, 3, [1], "plain")];
    const weights = [tensor(next, 2, [12, 10], "plain")];
    const flat = (length: number, coef: readonly number[]) => [coordinate(length, 1, coef)];
    const base = { outType: 1, groupPos: 0, groupSize: 1 } as const;
    const centred: Kernel = {
      ...base,
      loops: [6, 10],
      folds: [],
      state: 0,
      accesses: [
        access({ space: 0, index: 0, dtype: 3, length: 60 }, flat(60, [10, 1])),
        access({ space: 0, index: 1, dtype: 3, length: 1 }, []),
      ],
      constants: [],
      init: [],
      step: [],
      done: [[0, 0, 0, 0], [0, 1, 0, 0], difference],
      results: [18],
    };
    const dot: Kernel = {
      ...base,
      loops: [6, 12],
      folds: [10],
      state: 1,
      accesses: [
        access({ space: 2, index: 0, dtype: 1, length: 60 }, flat(60, [10, 0, 1])),
        access({ space: 1, index: 0, dtype: 2, length: 120 }, flat(120, [0, 10, 1])),
      ],
      constants: [0],
      init: [],
      step: [
        [0, 0, 0, 0],
        [0, 1, 0, 0],
        [19, 17, 18, 0],
        [17, 0, 19, 0],
      ],
      done: [],
      results: [16, 20, 0],
    };
    const outputs = [{ kernel: 1, dims: [6, 12] }];
    return { program: { inputs, weights, kernels: [centred, dot], outputs }, weights, inputs };
  }

  it("are pairs where the map's code shows that 16 bits hold them", async () => {
    const compiled = await compare(dynamic([18, 16, 17, 0]));
    expect(plan(compiled)[1]!.note).toMatch(/pairs of 16 bits/);
  });

  it("are words where it does not", async () => {
    const compiled = await compare(dynamic([19, 16, 17, 0]));
    expect(plan(compiled)[1]!.note).not.toMatch(/pairs/);
  });
});
