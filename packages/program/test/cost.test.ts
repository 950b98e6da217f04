import { describe, expect, it } from "vitest";
import { type Access, costOf, dotPattern, type Instruction, type Kernel, OP, sourcesOf } from "../src/index.ts";
import { kernelWith } from "./programs.ts";

const facts = (inputs: number, weights: number, kernels: number) => ({
  inputs: Array.from({ length: inputs }, () => ({ dtype: 0 as const, dims: [1] })),
  weights: Array.from({ length: weights }, () => ({ dtype: 0 as const, dims: [1] })),
  kernels: Array.from({ length: kernels }, () => ({
    outType: 0 as const,
    elements: 1,
    leading: 1,
    groupPos: 0,
    groupSize: 1,
  })),
});

const matrix = (parts: Partial<Access>, coef: readonly number[]): Access => ({
  ...{ space: 0, index: 0, dtype: 0, length: 4096, elseWord: 0, dynMask: 0 },
  coordinates: [{ base: 0, extent: 4096, stride: 1, coef }],
  ...parts,
});

/** 64 × 64 by 64 × 64, both operands row-major over the fold. */
const product = (parts: Partial<Kernel> = {}): Kernel =>
  kernelWith({
    outType: 0,
    loops: [64, 64],
    folds: [64],
    state: 1,
    accesses: [matrix({}, [64, 0, 1]), matrix({ space: 1 }, [0, 64, 1])],
    constants: [0],
    step: [
      [OP.ld, 0, 0, 0],
      [OP.ld, 1, 0, 0],
      [OP.fmul, 17, 18, 0],
      [OP.fadd, 0, 19, 0],
    ],
    results: [16, 20, 0],
    ...parts,
  });

describe("cost, worked by hand", () => {
  it("of a matrix product", () => {
    // descriptor 16 + 3·4 + 2·(16 + 12 + 12) + 4 + 4·4 + 4; 64 leaves of depth 6; 64 fold steps in one row
    const descriptor = 132;
    const perAccess = 1 * (8 + 64 * 6) + 256 * 2 + (2 + 1);
    const bytes = 1_500 + descriptor + 32 * 1 + 3 * 32 + 2 * perAccess + (8 + 64 * 6 + 256);
    const fold = 10_500 + 2 * (550 + 110) + 64 * 800;
    const work =
      150_000 +
      4 * 400 +
      100 +
      10 * descriptor +
      2 * (2_200 + 400 + 450) +
      fold +
      3 * 3_500 +
      2 * (1_500 + 3_000 + 1_200 + 3 * 450) +
      (2_100 + 3_000);
    expect(costOf(facts(1, 1, 1), 0, product())).toMatchObject({
      ...{ bytes, work, fold, dot: true, gas: Math.max(work + 16 * bytes, 21_000 + 40 * bytes) },
      ...{ spans: 3, leaves: 5, hints: 6 },
    });
  });

  it("counts list depths by space and the path of the kernel", () => {
    const small = costOf(facts(1, 1, 1), 0, product());
    const large = costOf(facts(3, 1, 9), 0, product());
    // two levels of inputs, four of the trace or the outputs, and clog2(10) − clog2(2) of the program tree
    expect(large.bytes - small.bytes).toBe(32 * 2 + 32 * 4 + 32 * 3);
    expect(large.work - small.work).toBe(300 * 6);
  });

  it("of a strided fold takes a span for each step until the whole tensor is cheaper", () => {
    const column = matrix({}, [0, 1, 64]);
    const kernel = product({ accesses: [column, matrix({ space: 1 }, [0, 64, 1])] });
    // 64 elements apart is one leaf: still one span, of all 64 leaves
    expect(costOf(facts(1, 1, 1), 0, kernel).footprints[0]).toEqual({ spans: 1, leafCount: 64, hints: 3, depth: 6 });
    const long = matrix(
      { length: 2 ** 20, coordinates: [{ base: 0, extent: 2 ** 20, stride: 1, coef: [0, 1, 65] }] },
      [],
    );
    const far = product({ accesses: [long, matrix({ space: 1 }, [0, 64, 1])] });
    expect(costOf(facts(1, 1, 1), 0, far).footprints[0]).toEqual({ spans: 64, leafCount: 64, hints: 66, depth: 14 });
    expect(costOf(facts(1, 1, 1), 0, far).dot).toBe(false);
  });

  it("of dynamic reads counts each execution", () => {
    const table = matrix({ dynMask: 1 }, [0, 0, 0]);
    const kernel = product({
      accesses: [table],
      step: [
        [OP.ld, 0, 12, 0],
        [OP.fadd, 0, 17, 0],
      ],
      done: [[OP.ld, 0, 4, 0]],
      results: [16, 18, 17],
    });
    const cost = costOf(facts(1, 1, 1), 0, kernel);
    expect(cost.footprints).toEqual([{ spans: 65, leafCount: 65, hints: 65, depth: 6 }]);
    expect(cost.fold).toBe(64 * (320 + 1_100 + 180 + 950));
  });

  it("stays exact where coefficients and strides multiply beyond 2^53", () => {
    const huge = (stride: number) => ({ base: 0, extent: 1, stride, coef: [0, 0, 2 ** 24 + 1] });
    const back = { base: 0, extent: 1, stride: 4_294_967_295, coef: [0, 0, -(2 ** 24) - 1] };
    const still = {
      ...matrix({}, []),
      coordinates: [huge(4_294_967_295), back, { base: 0, extent: 64, stride: 1, coef: [0, 0, 1] }],
    };
    expect(dotPattern(product({ accesses: [still, still] }))?.kind).toBe("f32");
  });
});

describe("sources", () => {
  it("are distinct, by first appearance, with the own result last unless it is read", () => {
    const read = (space: 0 | 1 | 2, index: number): Access => matrix({ space, index }, []);
    const kernel = kernelWith({ accesses: [read(1, 4), read(0, 0), read(1, 4), read(2, 3)] });
    expect(sourcesOf(kernel, 7)).toEqual([
      { space: 1, index: 4 },
      { space: 0, index: 0 },
      { space: 2, index: 3 },
      { space: 2, index: 7 },
    ]);
    expect(sourcesOf(kernel, 3)).toHaveLength(3);
  });
});

describe("dot rate", () => {
  const bytes = (parts: Partial<Access>) => matrix({ dtype: 2, ...parts }, [0, 64, 1]);
  const integer = (step: readonly Instruction[], parts: Partial<Kernel> = {}): Kernel =>
    product({
      accesses: [bytes({}), bytes({ dtype: 3 })],
      constants: [0, 5, 9],
      step,
      results: [16, 19 + step.length - 1, 0],
      ...parts,
    });
  const LD = (a: number): Instruction => [OP.ld, a, 0, 0];
  const plain: Instruction[] = [LD(0), LD(1), [OP.imul, 19, 20, 0], [OP.iadd, 0, 21, 0]];
  const left: Instruction[] = [LD(0), [OP.isub, 19, 17, 0], LD(1), [OP.imul, 20, 21, 0], [OP.iadd, 0, 22, 0]];
  const both: Instruction[] = [
    LD(0),
    [OP.isub, 19, 17, 0],
    LD(1),
    [OP.isub, 21, 18, 0],
    [OP.imul, 20, 22, 0],
    [OP.iadd, 0, 23, 0],
  ];

  it("holds for the four patterns", () => {
    expect(dotPattern(product())).toMatchObject({ kind: "f32", rate: 800, left: 0, right: 1 });
    expect(dotPattern(integer(plain))).toMatchObject({ kind: "i8", rate: 30 });
    expect(dotPattern(integer(left))).toMatchObject({ leftZero: 17, rightZero: undefined });
    expect(dotPattern(integer(both))).toMatchObject({ leftZero: 17, rightZero: 18 });
  });

  const misses: readonly (readonly [string, Kernel])[] = [
    ["swapped factors", product({ step: [LD(0), LD(1), [OP.fmul, 18, 17, 0], [OP.fadd, 0, 19, 0]] })],
    ["swapped terms", product({ step: [LD(0), LD(1), [OP.fmul, 17, 18, 0], [OP.fadd, 19, 0, 0]] })],
    ["another result", product({ results: [16, 19, 0] })],
    ["two state words", product({ state: 2, results: [16, 16, 20, 20, 0] })],
    [
      "a dynamic operand",
      product({ accesses: [matrix({ dynMask: 1 }, [64, 0, 1]), matrix({ space: 1 }, [0, 64, 1])] }),
    ],
    ["an i32 operand", product({ accesses: [matrix({ dtype: 1 }, [64, 0, 1]), matrix({ space: 1 }, [0, 64, 1])] })],
    ["a wide step", product({ accesses: [matrix({}, [0, 0, 65]), matrix({ space: 1 }, [0, 64, 1])] })],
    ["bytes two apart", integer(plain, { accesses: [bytes({}), matrix({ dtype: 3 }, [0, 64, 2])] })],
    ["bytes backwards", integer(plain, { accesses: [bytes({}), matrix({ dtype: 3 }, [0, 64, -1])] })],
    ["a loop index as zero point", integer(left.with(1, [OP.isub, 19, 4, 0]))],
    [
      "a right zero point only",
      integer([LD(0), LD(1), [OP.isub, 20, 17, 0], [OP.imul, 19, 21, 0], [OP.iadd, 0, 22, 0]]),
    ],
  ];

  it.each(misses)("does not hold for %s", (_, kernel) => {
    expect(dotPattern(kernel)).toBeUndefined();
  });

  it("holds for f32 backwards and standing still", () => {
    for (const step of [0, -1, 64, -64])
      expect(
        dotPattern(product({ accesses: [matrix({}, [0, 0, step]), matrix({ space: 1 }, [0, 64, 1])] })),
      ).toBeDefined();
  });
});
