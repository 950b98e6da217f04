import { describe, expect, it } from "vitest";
import {
  draft,
  type Expr,
  OP,
  type Program,
  readElement,
  runDouble,
  runReference,
  type Tensor,
  toKernel,
} from "../src/index.ts";

const apply = (op: number, ...args: Expr[]): Expr => ({ kind: "apply", op, args });
const word = (value: number): Expr => ({ kind: "word", word: value >>> 0 });
const load = (index: number, length: number, coef: readonly number[]): Expr => ({
  kind: "load",
  offsets: [],
  access: {
    space: 0,
    index,
    dtype: 0,
    length,
    elseWord: 0,
    dynMask: 0,
    coordinates: [{ base: 0, extent: length, stride: 1, coef }],
  },
});
const floats = (...values: number[]): Tensor => ({
  dtype: 0,
  dims: [values.length],
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const one = (code: Expr, outType: 0 | 1 = 0, loops: readonly number[] = [3]): Program => ({
  inputs: [{ dtype: 0, dims: [3] }],
  weights: [],
  kernels: [toKernel(draft({ outType, loops, folds: [], init: [], step: [], done: code }))],
  outputs: [{ kernel: 0, dims: loops }],
});

describe("runDouble", () => {
  it("sums without rounding, in groups of one too", () => {
    const input = floats(1e8, 1, -1e8);
    const state: Expr = { kind: "state", at: 0 };
    const sum = toKernel(
      draft({
        outType: 0,
        loops: [],
        folds: [3],
        init: [word(0)],
        step: [apply(OP.fadd, state, load(0, 3, [1]))],
        done: state,
      }),
    );
    const program: Program = {
      inputs: [{ dtype: 0, dims: [3] }],
      weights: [],
      kernels: [sum],
      outputs: [{ kernel: 0, dims: [] }],
    };
    expect(runDouble(program, [], [input])[0]![0]).toBe(1);
    expect(readElement(runReference(program, [], [input])[0]!, 0, 0)).toBe(0);
  });

  it("keeps words as words: bits made by integer code, copies joined by or, integers", () => {
    const x = load(0, 3, [1]);
    const power = apply(OP.shl, apply(OP.iadd, apply(OP.f2i, x), word(127)), word(23));
    const input = floats(3, -2, 0.75);
    expect([...runDouble(one(power), [], [input])[0]!]).toEqual([8, 0.25, 1]);
    const third = apply(OP.fdiv, x, word(0x40400000));
    expect([...runDouble(one(apply(OP.or, third, word(0))), [], [input])[0]!]).toEqual([1, -2 / 3, 0.25]);
    expect([...runDouble(one(apply(OP.f2i, apply(OP.frint, x)), 1), [], [input])[0]!]).toEqual([3, -2, 1]);
    const chosen = apply(OP.select, apply(OP.flt, x, word(0)), apply(OP.fneg, third), third);
    expect([...runDouble(one(chosen), [], [input])[0]!]).toEqual([1, 2 / 3, 0.25]);
  });
});
