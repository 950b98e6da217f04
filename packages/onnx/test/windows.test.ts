import { describe, expect, it } from "vitest";
import { at, expectNear, tabulate } from "./near.ts";
import { random, runNode } from "./run.ts";

type Shape = {
  x: number[];
  w: number[];
  group?: number;
  strides?: number[];
  pads?: number[];
  dilations?: number[];
  bias?: boolean;
};

/** Convolution as ONNX defines it, in plain loops over double precision. */
function checkConv({ x, w, group = 1, bias = false, ...rest }: Shape): void {
  const n = x.length - 2;
  const strides = rest.strides ?? new Array<number>(n).fill(1);
  const dilations = rest.dilations ?? new Array<number>(n).fill(1);
  const pads = rest.pads ?? new Array<number>(2 * n).fill(0);
  const [X, W, B] = [random(1, x), random(2, w), random(3, [w[0]!])];
  const spatial = x
    .slice(2)
    .map((d, i) => Math.floor((d + pads[i]! + pads[n + i]! - (w[2 + i]! - 1) * dilations[i]! - 1) / strides[i]!) + 1);
  const dims = [x[0]!, w[0]!, ...spatial];
  const expected = tabulate(dims, ([b, m, ...o]) => {
    const first = Math.floor(m! / (w[0]! / group)) * w[1]!;
    const terms = tabulate(w.slice(1), ([c, ...k]) => {
      const place = o.map((v, i) => v * strides[i]! + k[i]! * dilations[i]! - pads[i]!);
      return at(x, X.values, [b!, first + c!, ...place]) * at(w, W.values, [m!, c!, ...k]);
    });
    return terms.reduce((sum, t) => sum + t, bias ? B.values[m!]! : 0);
  });
  const inputs = bias ? [X, W, B] : [X, W];
  expectNear(runNode("Conv", inputs, { group, strides, pads, dilations }, { bound: [1, 2] }), dims, expected);
}

describe("Conv", () => {
  it("one, two and three spatial axes", () => {
    checkConv({ x: [2, 3, 9], w: [4, 3, 3], bias: true });
    checkConv({ x: [1, 2, 6, 5], w: [3, 2, 3, 2], bias: true });
    checkConv({ x: [1, 2, 4, 5, 3], w: [2, 2, 2, 3, 2] });
  });
  it("asymmetric pads, strides, dilations", () => {
    checkConv({ x: [1, 2, 7, 6], w: [3, 2, 3, 3], pads: [1, 0, 2, 1], strides: [2, 1], bias: true });
    checkConv({ x: [1, 2, 9, 9], w: [2, 2, 3, 3], dilations: [2, 3], pads: [2, 3, 2, 3] });
  });
  it("groups, and depthwise", () => {
    checkConv({ x: [2, 4, 5, 5], w: [6, 2, 3, 3], group: 2, bias: true });
    checkConv({ x: [1, 4, 5, 5], w: [4, 1, 3, 3], group: 4, pads: [1, 1, 1, 1] });
    checkConv({ x: [1, 3, 5, 5], w: [6, 1, 2, 2], group: 3 });
  });
  it("auto_pad puts the odd element where the name says", () => {
    const X = { dims: [1, 1, 4], values: [1, 2, 3, 4] };
    const W = { dims: [1, 1, 2], values: [1, 10] };
    expect(runNode("Conv", [X, W], { auto_pad: "SAME_UPPER" }).values).toEqual([21, 32, 43, 4]);
    expect(runNode("Conv", [X, W], { auto_pad: "SAME_LOWER" }).values).toEqual([10, 21, 32, 43]);
    expect(runNode("Conv", [X, W], { auto_pad: "VALID" }).values).toEqual([21, 32, 43]);
    expect(runNode("Conv", [X, W], { auto_pad: "SAME_UPPER", strides: [3] }).values).toEqual([21, 4]);
  });
  it("refuses what does not fit", () => {
    const X = random(1, [1, 4, 5, 5]);
    expect(() => runNode("Conv", [X, random(2, [2, 3, 3, 3])])).toThrow(/the Conv.*do not fit/);
    expect(() => runNode("Conv", [X, random(2, [2, 4, 7, 7])])).toThrow(/windows of 7 do not fit/);
    expect(() => runNode("Conv", [X, random(2, [3, 2, 3, 3])], { group: 2 })).toThrow(/do not fit/);
    expect(() => runNode("Conv", [X, random(2, [2, 4, 3, 3])], { strides: [0, 1] })).toThrow(/strides .* out of range/);
    expect(() => runNode("Conv", [X, random(2, [2, 4, 3, 3])], { blocks: 3 })).toThrow(
      /attribute blocks is not supported/,
    );
  });
});

describe("pools", () => {
  const X = { dims: [1, 1, 4, 4], values: [1, 2, 3, 4, 5, -6, 7, 8, -9, -1, -2, -3, -1, -1, -5, -6] };

  it("MaxPool: padding never wins", () => {
    expect(runNode("MaxPool", [X], { kernel_shape: [2, 2], strides: [2, 2] }).values).toEqual([5, 8, -1, -2]);
    expect(runNode("MaxPool", [X], { kernel_shape: [3, 3], strides: [3, 3], pads: [1, 1, 1, 1] }).values).toEqual([
      5, 8, -1, -2,
    ]);
    const bytes = { type: "i8" as const, dims: [1, 1, 3], values: [-5, -128, -7] };
    expect(runNode("MaxPool", [bytes], { kernel_shape: [2], pads: [1, 1] }, { type: "i8" }).values).toEqual([
      -5, -5, -7, -7,
    ]);
  });
  it("MaxPool: NaN wins, ceil_mode adds a window unless it begins in the padding", () => {
    const N = { dims: [1, 1, 3], values: [1, Number.NaN, 2] };
    expect(runNode("MaxPool", [N], { kernel_shape: [2] }).values).toEqual([Number.NaN, Number.NaN]);
    const five = { dims: [1, 1, 5], values: [1, 2, 3, 4, 5] };
    expect(runNode("MaxPool", [five], { kernel_shape: [2], strides: [2], ceil_mode: 1 }).values).toEqual([2, 4, 5]);
    expect(runNode("MaxPool", [five], { kernel_shape: [1], strides: [3], pads: [0, 2], ceil_mode: 1 }).values).toEqual([
      1, 4,
    ]);
  });
  it("AveragePool: the divisor counts the taps inside, or those in the padding too", () => {
    const five = { dims: [1, 1, 5], values: [1, 2, 3, 4, 5] };
    const pooled = (more: Record<string, number>) =>
      runNode("AveragePool", [five], { kernel_shape: [3], strides: [2], pads: [1, 1], ...more }).values;
    expect(pooled({})).toEqual([1.5, 3, 4.5]);
    expect(pooled({ count_include_pad: 1 })).toEqual([1, 3, 3]);
    const even = { dims: [1, 1, 4], values: [1, 2, 3, 4] };
    const ceil = { kernel_shape: [3], strides: [2], ceil_mode: 1 };
    expect(runNode("AveragePool", [even], ceil).values).toEqual([2, 3.5]);
    // beyond the padding nothing counts
    const padded = { ...ceil, pads: [1, 1], count_include_pad: 1 };
    expect(runNode("AveragePool", [even], padded).values).toEqual([1, 3, 2]);
  });
  it("global pools, BatchNormalization", () => {
    expect(runNode("GlobalAveragePool", [X]).values).toEqual([Math.fround(X.values.reduce((a, b) => a + b, 0) / 16)]);
    expect(runNode("GlobalMaxPool", [X])).toEqual({ dims: [1, 1, 1, 1], values: [8] });
    const two = { dims: [1, 2, 2], values: [1, 2, 3, 4] };
    const p = (values: number[]) => ({ dims: [2], values });
    const y = runNode("BatchNormalization", [two, p([1, 2]), p([0, 1]), p([1, 3]), p([3, 0])], {
      epsilon: { float: 1 },
    });
    expect(y.values).toEqual([0, 0.5, 1, 3]);
  });
  it("refuses indices and empty windows", () => {
    expect(() => runNode("AveragePool", [X], { kernel_shape: [1, 1], pads: [1, 1, 1, 1] })).toThrow(
      /nothing but padding/,
    );
    expect(() => runNode("MaxPool", [X], {})).toThrow(/kernel_shape is missing/);
    expect(() => runNode("MaxPool", [X], { kernel_shape: [2, 2], pads: [-1, 0, 0, 0] })).toThrow(
      /pads .* out of range/,
    );
  });
});
