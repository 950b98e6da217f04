import { CompileError, compile, type Module } from "@opengradient/compiler";
import {
  type Access,
  costOf,
  type Draft,
  type Dtype,
  draft,
  type Expr,
  factsOf,
  OP,
  runReference,
  type Tensor,
  toKernel,
} from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { below } from "./random.ts";

const word = (value: number): Expr => ({ kind: "word", word: value >>> 0 });
const state: Expr = { kind: "state", at: 0 };
const apply = (op: number, ...args: Expr[]): Expr => ({ kind: "apply", op, args });

/** A read of input `index` at address Σ coef·loop and fold index. */
function load(index: number, dtype: Dtype, length: number, coef: number[]): Expr {
  const access: Access = {
    space: 0,
    index,
    dtype,
    length,
    elseWord: 0,
    dynMask: 0,
    coordinates: [{ base: 0, extent: length, stride: 1, coef }],
  };
  return { kind: "load", access, offsets: [] };
}

/** A module of one kernel, which is the output. */
function moduleOf(d: Omit<Draft, "groupPos" | "groupSize">, inputs: { dtype: Dtype; dims: number[] }[]): Module {
  const kernels = [toKernel(draft(d))];
  const outputs = [{ kernel: 0, dims: d.loops }];
  return { program: { inputs, weights: [], kernels, outputs }, weights: [], labels: ["the one"] };
}

const floats = (count: number, seed: number): Float32Array => {
  const draw = below(seed);
  return Float32Array.from({ length: count }, () => draw(2000) / 1000 - 1);
};
const tensor = (dtype: Dtype, values: Float32Array | Int8Array): Tensor => ({
  dtype,
  dims: [values.length],
  data: new Uint8Array(values.buffer),
});

function run(module: Module, inputs: Tensor[]): { words: Int32Array; parts: number; length: number } {
  const { program } = compile(module);
  const facts = factsOf(program);
  for (const [k, kernel] of program.kernels.entries()) {
    const { gas, bytes } = costOf(facts, k, kernel);
    expect(gas).toBeLessThanOrEqual(6_000_000);
    expect(bytes).toBeLessThanOrEqual(65_536);
  }
  const last = program.outputs[0]!.kernel;
  const words = new Int32Array(runReference(program, module.weights, inputs)[last]!.slice().buffer);
  const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);
  return { words, parts: product(program.kernels[last]!.folds), length: product(program.kernels[0]!.folds) };
}

const asFloats = (words: Int32Array): number[] => [...new Float32Array(words.buffer)];

/** A matrix times a matrix, row by row contiguous, plus 1, doubled. */
const dot = (rows: number, columns: number, K: number) =>
  moduleOf(
    {
      outType: 0,
      loops: [rows, columns],
      folds: [K],
      init: [word(0x3f800000)],
      step: [
        apply(OP.fadd, state, apply(OP.fmul, load(0, 0, rows * K, [K, 0, 1]), load(1, 0, columns * K, [0, K, 1]))),
      ],
      done: apply(OP.fadd, state, state),
    },
    [
      { dtype: 0, dims: [rows, K] },
      { dtype: 0, dims: [columns, K] },
    ],
  );

describe("split", () => {
  // 20,000 has divisors; 10,007 is prime, so its last part is shorter
  for (const K of [20_000, 10_007])
    it(`a dot product of ${K} is partial sums in order, then their sum from init through done`, () => {
      const [a, b] = [floats(2 * K, 1), floats(3 * K, 2)];
      const { words, parts, length } = run(dot(2, 3, K), [tensor(0, a), tensor(0, b)]);
      expect(parts).toBe(Math.ceil(K / length));
      expect(length).toBeGreaterThan(4_000);
      const expected = [0, 1, 2, 3, 4, 5].map((e) => {
        const [row, column] = [Math.floor(e / 3), e % 3];
        let sum = 1;
        for (let p = 0; p < parts; p++) {
          let partial = 0;
          for (let k = p * length; k < Math.min(K, (p + 1) * length); k++)
            partial = Math.fround(partial + Math.fround(a[row * K + k]! * b[column * K + k]!));
          sum = Math.fround(sum + partial);
        }
        return Math.fround(sum + sum);
      });
      expect(asFloats(words)).toEqual(expected);
    });

  it("a maximum over a prime number of elements is exact, NaN included", () => {
    const K = 10_007;
    const step = [apply(OP.fmax, state, apply(OP.fmul, load(0, 0, 2 * K, [K, 1]), word(0xbf800000)))];
    const module = moduleOf({ outType: 0, loops: [2], folds: [K], init: [word(0xff800000)], step, done: state }, [
      { dtype: 0, dims: [2 * K] },
    ]);
    const values = floats(2 * K, 3).map((x) => Math.abs(x) + 1);
    values[K + 5] = Number.NaN;
    const least = Math.min(...values.slice(0, K));
    expect(asFloats(run(module, [tensor(0, values)]).words)).toEqual([-least, Number.NaN]);
  });

  it("an integer dot product with a zero point is exact", () => {
    const K = 90_001;
    const draw = below(4);
    const a = Int8Array.from({ length: K }, () => draw(256) - 128);
    const term = apply(OP.imul, apply(OP.isub, load(0, 2, K, [0, 1]), word(7)), load(0, 2, K, [0, 1]));
    const module = moduleOf(
      { outType: 1, loops: [2], folds: [K], init: [word(0)], step: [apply(OP.iadd, state, term)], done: state },
      [{ dtype: 2, dims: [K] }],
    );
    const expected = a.reduce((sum, x) => sum + (x - 7) * x, 0);
    expect([...run(module, [tensor(2, a)]).words]).toEqual([expected, expected]);
  });

  it("scattered reads are split by bytes", () => {
    const [side, channels] = [56, 96];
    const length = side * side * channels;
    const step = [apply(OP.fadd, state, load(0, 0, length, [1, side * channels, channels]))];
    const module = moduleOf(
      { outType: 0, loops: [channels], folds: [side, side], init: [word(0)], step, done: state },
      [{ dtype: 0, dims: [length] }],
    );
    const { words, parts } = run(module, [tensor(0, new Float32Array(length).fill(1))]);
    expect(asFloats(words)).toEqual(new Array(channels).fill(side * side));
    expect(parts).toBeGreaterThanOrEqual(14);
  });

  it("what can not be split is refused, with its name", () => {
    const K = 20_000;
    const half = apply(OP.fmul, state, word(0x3f000000));
    const decay = moduleOf(
      {
        outType: 0,
        loops: [2],
        folds: [K],
        init: [word(0)],
        step: [apply(OP.fadd, half, load(0, 0, K, [0, 1]))],
        done: state,
      },
      [{ dtype: 0, dims: [K] }],
    );
    expect(() => compile(decay)).toThrow(CompileError);
    expect(() => compile(decay)).toThrow(
      /^bound: the one: V9, kernel 0: proving one element may cost \d+ gas; at most 6000000/,
    );
    expect(() => compile(decay, { after: "nothing" })).toThrow(/there is no pass nothing; passes: fold-constants, /);
  });
});
