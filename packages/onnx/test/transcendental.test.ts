import { draft, type Expr, type Program, runReference, toKernel } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { exp, expm1, log, log1p, sigmoid, tanh } from "../src/transcendental.ts";
import { numbers } from "./run.ts";

const SAMPLES = 1_000_000;

/** Runs a scalar function over f32 inputs. */
function evaluate(code: (x: Expr) => Expr, inputs: Float32Array): Float32Array {
  const length = inputs.length;
  const x: Expr = {
    kind: "load",
    offsets: [],
    access: {
      space: 0,
      index: 0,
      dtype: 0,
      length,
      elseWord: 0,
      dynMask: 0,
      coordinates: [{ base: 0, extent: length, stride: 1, coef: [1] }],
    },
  };
  const kernel = toKernel(draft({ outType: 0, loops: [length], folds: [], init: [], step: [], done: code(x) }));
  const info = { dtype: 0 as const, dims: [length] };
  const program: Program = { inputs: [info], weights: [], kernels: [kernel], outputs: [{ kernel: 0, dims: [length] }] };
  const [result] = runReference(program, [], [{ ...info, data: new Uint8Array(inputs.buffer) }]);
  return new Float32Array(result!.slice().buffer);
}

const bits = new DataView(new ArrayBuffer(4));
/** Distance to the next f32 at a real value. */
function ulp(value: number): number {
  bits.setFloat32(0, Math.abs(value));
  const exponent = Math.max(bits.getUint32(0) >>> 23, 1);
  return 2 ** (exponent - 150);
}

/** Half spread evenly over [low, high], half with exponents spread evenly, of both signs. */
function samples(low: number, high: number): Float32Array {
  const spread = numbers(5, SAMPLES / 2).map((x) => low + ((x + 1) / 2) * (high - low));
  const patterns = new Uint32Array(numbers(6, SAMPLES / 2).map((x) => ((x + 1) / 2) * 2 ** 32));
  const wild = new Float32Array(patterns.buffer);
  return Float32Array.from([...spread, ...wild.map((x) => (x >= low && x <= high ? x : x % 1 || 0))]);
}

function worst(
  code: (x: Expr) => Expr,
  exact: (x: number) => number,
  inputs: Float32Array,
): { ulps: number; at: number } {
  let found = { ulps: 0, at: 0 };
  const got = evaluate(code, inputs);
  for (const [i, x] of inputs.entries()) {
    const want = exact(x);
    if (!Number.isFinite(Math.fround(want))) continue;
    const ulps = Math.abs(got[i]! - want) / ulp(want);
    if (ulps > found.ulps) found = { ulps, at: x };
  }
  return found;
}

const special = Float32Array.of(
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1e-45,
  3e38,
  -3e38,
);

describe("transcendental functions", () => {
  it("exp stays within 2 ULP", () => {
    const w = worst(exp, Math.exp, samples(-104, 88.72));
    expect(w.ulps).toBeLessThan(1.1);
    const at = evaluate(exp, special);
    expect([...at]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 0, 1, 1, 1, Number.POSITIVE_INFINITY, 0]);
  });

  it("tanh stays within 2 ULP and keeps signs and small values", () => {
    const w = worst(tanh, Math.tanh, samples(-12, 12));
    expect(w.ulps).toBeLessThan(1.4);
    expect([...evaluate(tanh, special)]).toEqual([Number.NaN, 1, -1, 0, -0, Math.fround(1e-45), 1, -1]);
  });

  it("sigmoid stays within 2 ULP, denormal results included", () => {
    const sigmoidOf = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
    const w = worst(sigmoid, sigmoidOf, samples(-104, 40));
    expect(w.ulps).toBeLessThan(1.9);
    expect([...evaluate(sigmoid, special)]).toEqual([Number.NaN, 1, 0, 0.5, 0.5, 0.5, 1, 0]);
  });

  it("log, log1p, expm1 stay within 2 ULP", () => {
    const positive = samples(-10, 10).map(Math.abs);
    const near1 = numbers(8, 200_000).map((x) => 1 + x / 4);
    const found = [
      worst(log, Math.log, positive.slice(0, 400_000)),
      worst(log, Math.log, positive.slice(600_000)),
      worst(log, Math.log, Float32Array.from(near1)),
      worst(log1p, Math.log1p, positive.slice(300_000, 700_000)),
      worst(expm1, Math.expm1, samples(-20, 20).slice(300_000, 700_000)),
    ];
    for (const { ulps } of found) expect(ulps).toBeLessThan(2);
  });
});
