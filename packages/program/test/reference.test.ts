import { describe, expect, it } from "vitest";
import {
  type Access,
  type Coordinate,
  type Instruction,
  type Kernel,
  OP,
  type Program,
  runReference,
  type Tensor,
  TensorError,
  validateProgram,
} from "../src/index.ts";
import { randomFrom, wordOfClass } from "../src/random/index.ts";
import { kernelWith, programWith, tensorOf, wordsOf } from "./programs.ts";

const LD = (a: number, b = 0, c = 0): Instruction => [OP.ld, a, b, c];
const at = (parts: Partial<Coordinate> = {}): Coordinate => ({ base: 0, extent: 4, stride: 1, coef: [1], ...parts });
const access = (parts: Partial<Access> = {}): Access => ({
  ...{ space: 0, index: 0, dtype: 1, length: 4, elseWord: 99, dynMask: 0, coordinates: [at()] },
  ...parts,
});

/** Words of the last result of a Program that must be valid. */
function run(program: Program, inputs: readonly Tensor[], weights: readonly Tensor[] = []): number[] {
  validateProgram(program);
  return wordsOf(runReference(program, weights, inputs).at(-1)!);
}

/** What `ld` of access 0 gives for loop index 0…3. */
const reads = (parts: Partial<Access>, input: Tensor, load: Instruction = LD(0)): number[] =>
  run(programWith(kernelWith({ accesses: [access(parts)], done: [load], results: [16] }), { inputs: [input] }), [
    input,
  ]);

const INPUT = tensorOf(1, [10, 11, 12, 13]);

describe("ld", () => {
  it("reads where every coordinate is inside, else gives the else-word", () => {
    expect(reads({}, INPUT)).toEqual([10, 11, 12, 13]);
    expect(reads({ coordinates: [at({ base: -1 })] }, INPUT)).toEqual([99, 10, 11, 12]);
    expect(reads({ coordinates: [at({ base: 2 })] }, INPUT)).toEqual([12, 13, 99, 99]);
    expect(reads({ coordinates: [at({ extent: 2 })] }, INPUT)).toEqual([10, 11, 99, 99]);
    expect(reads({ coordinates: [at({ base: 3, coef: [-1] })] }, INPUT)).toEqual([13, 12, 11, 10]);
    expect(reads({ coordinates: [at({ coef: [0] }), at({ base: -2, extent: 1 })] }, INPUT)).toEqual([99, 99, 10, 99]);
  });

  it("gives the else-word beyond the tensor, though inside the box", () => {
    expect(reads({ coordinates: [at({ extent: 9, stride: 2 })] }, INPUT)).toEqual([10, 12, 99, 99]);
  });

  it("reads element 0 without coordinates", () => {
    expect(reads({ coordinates: [] }, INPUT)).toEqual([10, 10, 10, 10]);
  });

  it("adds registers modulo 2^32, the first to the lowest dynamic coordinate", () => {
    const far = kernelWith({
      accesses: [access({ dynMask: 1, coordinates: [at({ base: -1, coef: [0] })] })],
      constants: [0xffffffff],
      done: [[OP.isub, 4, 16, 0], LD(0, 17)],
      results: [18],
    });
    expect(run(programWith(far, { inputs: [INPUT] }), [INPUT])).toEqual([10, 11, 12, 13]);
    const two = kernelWith({
      accesses: [
        access({
          dynMask: 5,
          coordinates: [
            at({ extent: 2, stride: 2, coef: [0] }),
            at({ extent: 1, coef: [0] }),
            at({ extent: 2, coef: [0] }),
          ],
        }),
      ],
      constants: [1],
      done: [[OP.and, 4, 16, 0], [OP.shr, 4, 16, 0], LD(0, 17, 18)],
      results: [19],
    });
    expect(run(programWith(two, { inputs: [INPUT] }), [INPUT])).toEqual([10, 12, 11, 13]);
  });

  it("widens bytes, but not the else-word", () => {
    const data = Uint8Array.of(0x7f, 0x80, 0xff, 0x01);
    const outside = { coordinates: [at({ extent: 3 })], elseWord: 0x80 };
    expect(reads({ dtype: 2, ...outside }, { dtype: 2, dims: [4], data })).toEqual([
      0x7f, 0xffffff80, 0xffffffff, 0x80,
    ]);
    expect(reads({ dtype: 3, ...outside }, { dtype: 3, dims: [4], data })).toEqual([0x7f, 0x80, 0xff, 0x80]);
  });

  it("moves NaN payloads untouched", () => {
    const payloads = [0x7f800001, 0xffc12345, 0x7fc00000, 0xff800001];
    const kernel = kernelWith({ outType: 0, accesses: [access({ dtype: 0 })], done: [LD(0)], results: [16] });
    const input = tensorOf(0, payloads);
    expect(run(programWith(kernel, { inputs: [input] }), [input])).toEqual(payloads);
  });
});

describe("stores", () => {
  it("keep the low byte", () => {
    for (const outType of [2, 3] as const) {
      const input = tensorOf(1, [0x100, 0x1ff, 0x80, 0xffffff7f]);
      const kernel = kernelWith({ outType, accesses: [access()], done: [LD(0)], results: [16] });
      expect([...runReference(programWith(kernel, { inputs: [input] }), [], [input])[0]!]).toEqual([
        0, 0xff, 0x80, 0x7f,
      ]);
    }
  });
});

describe("folds", () => {
  const scalar = (parts: Partial<Kernel>): number => run(programWith(kernelWith({ loops: [], ...parts })), [])[0]!;

  it("run in row-major order, the last dimension fastest", () => {
    // state ← state·10 + fold0·3 + fold1 over 2 × 3
    const step: Instruction[] = [
      [OP.imul, 0, 16, 0],
      [OP.imul, 12, 17, 0],
      [OP.iadd, 18, 19, 0],
      [OP.iadd, 20, 13, 0],
    ];
    expect(
      scalar({ folds: [2, 3], state: 1, constants: [10, 3], init: [[OP.isub, 16, 16, 0]], step, results: [18, 21, 0] }),
    ).toBe(12345);
  });

  it("replace all state words at once", () => {
    // (a, b) ← (b, a) three times
    const kernel = { folds: [3], state: 2, constants: [5, 7], results: [16, 17, 1, 0, 18] };
    expect(scalar({ ...kernel, done: [[OP.isub, 0, 1, 0]] })).toBe(2);
  });

  it("give init and done fold indices of 0", () => {
    const table = access({ elseWord: 1, length: 4, coordinates: [at({ base: 1, coef: [1] })] });
    const kernel = kernelWith({
      loops: [],
      folds: [3],
      state: 1,
      accesses: [table],
      init: [LD(0)],
      step: [],
      done: [LD(0), [OP.iadd, 16, 0, 0]],
      results: [16, 0, 17],
    });
    expect(run(programWith(kernel, { inputs: [INPUT] }), [INPUT])).toEqual([22]);
  });

  it("of a dot product round each product and each sum", () => {
    const random = randomFrom(5);
    const words = (n: number) => Array.from({ length: n }, () => wordOfClass(random, "unit"));
    const [a, b] = [tensorOf(0, words(6 * 20)), tensorOf(0, words(5 * 20))];
    const row = (coef: readonly number[], length: number) => [{ base: 0, extent: length, stride: 1, coef }];
    const kernel = kernelWith({
      ...{ outType: 0, loops: [6, 5], folds: [20], state: 1, constants: [0], results: [16, 20, 0] },
      accesses: [
        access({ dtype: 0, length: 120, coordinates: row([20, 0, 1], 120) }),
        access({ dtype: 0, length: 100, space: 1, coordinates: row([0, 20, 1], 100) }),
      ],
      step: [LD(0), LD(1), [OP.fmul, 17, 18, 0], [OP.fadd, 0, 19, 0]],
    });
    const [x, y] = [a, b].map(({ data }) => new Float32Array(data.buffer)) as [Float32Array, Float32Array];
    const expected = new Float32Array(30);
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 5; j++)
        for (let k = 0; k < 20; k++)
          expected[5 * i + j] = Math.fround(expected[5 * i + j]! + Math.fround(x[20 * i + k]! * y[20 * j + k]!));
    const program = programWith(kernel, { inputs: [a], weights: [b] });
    expect(run(program, [a], [b])).toEqual(wordsOf(new Uint8Array(expected.buffer)));
  });
});

describe("groups", () => {
  const self = (parts: Partial<Access> = {}): Access =>
    access({ space: 2, index: 0, elseWord: 0, coordinates: [at({ base: -1 })], ...parts });

  it("of one see their earlier slices: a running sum", () => {
    const kernel = kernelWith({
      accesses: [access(), self()],
      done: [LD(0), LD(1), [OP.iadd, 16, 17, 0]],
      results: [18],
    });
    expect(run(programWith(kernel, { inputs: [INPUT] }), [INPUT])).toEqual([10, 21, 33, 46]);
  });

  it("do not see their own slice", () => {
    const kernel = kernelWith({ accesses: [self({ coordinates: [at()], elseWord: 7 })], done: [LD(0)], results: [16] });
    expect(run(programWith(kernel), [])).toEqual([7, 7, 7, 7]);
  });

  it("see slices up to t of members before, below t of members after", () => {
    // kernel 0 at t reads kernel 1 at t and t − 1; kernel 1 at t reads kernel 0 at t and t + 1
    const read = (index: number, base: number): Access =>
      access({ space: 2, index, elseWord: 0x1000, coordinates: [at({ base })] });
    const program: Program = {
      ...{ inputs: [], weights: [] },
      kernels: [
        kernelWith({
          groupSize: 2,
          accesses: [read(1, 0), read(1, -1)],
          constants: [1],
          done: [LD(0), LD(1), [OP.iadd, 17, 18, 0], [OP.iadd, 19, 16, 0]],
          results: [20],
        }),
        kernelWith({
          groupPos: 1,
          groupSize: 2,
          accesses: [read(0, 0), read(0, 1)],
          done: [LD(0), LD(1), [OP.iadd, 16, 17, 0]],
          results: [18],
        }),
      ],
      outputs: [{ kernel: 1, dims: [4] }],
    };
    validateProgram(program);
    const [first, second] = runReference(program, [], []).map(wordsOf);
    expect(first).toEqual([0x2001, 0x4002, 0x6003, 0x8004]);
    expect(second).toEqual([0x3001, 0x5002, 0x7003, 0x9004]);
  });
});

describe("the door", () => {
  const program = programWith(kernelWith({ accesses: [access()], done: [LD(0)], results: [16] }), {
    inputs: [{ dtype: 1, dims: [2, 2] }],
  });
  const refusals: readonly (readonly [string, readonly Tensor[], RegExp])[] = [
    ["too few", [], /inputs: the Program has 1, 0 are given/],
    ["too many", [INPUT, INPUT], /inputs: the Program has 1, 2 are given/],
    ["another dtype", [tensorOf(0, [1, 2, 3, 4])], /input 0: it must be i32 and is f32/],
    ["another length", [tensorOf(1, [1, 2, 3])], /input 0: it must have dims \[2,2\] and has \[3\]/],
    ["too few bytes", [{ ...INPUT, data: INPUT.data.subarray(1) }], /16 bytes and has 15/],
  ];

  it.each(refusals)("refuses %s", (_, inputs, message) => {
    expect(() => runReference(program, [], inputs)).toThrow(TensorError);
    expect(() => runReference(program, [], inputs)).toThrow(message);
  });

  it("lets a flat tensor in", () => {
    expect(wordsOf(runReference(program, [], [INPUT])[0]!)).toEqual([10, 11, 12, 13]);
  });
});
