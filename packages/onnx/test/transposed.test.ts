/** Operators that spread windows over an output, and pools that go back. */
import { describe, expect, it } from "vitest";
import { at, expectNear, tabulate } from "./near.ts";
import { random, runNode, runNodeOutputs } from "./run.ts";

type Shape = {
  x: number[];
  w: number[];
  group?: number;
  strides?: number[];
  dilations?: number[];
  pads?: number[];
  output_padding?: number[];
};

/** Every input times the kernel, added where it falls. */
function checkTransposed({ x, w, group = 1, ...rest }: Shape): void {
  const n = x.length - 2;
  const ones = new Array<number>(n).fill(1);
  const zeros = new Array<number>(2 * n).fill(0);
  const { strides = ones, dilations = ones, pads = zeros, output_padding = zeros.slice(n) } = rest;
  const [X, W, B] = [random(1, x), random(2, w), random(3, [w[1]! * group])];
  const spatial = x
    .slice(2)
    .map(
      (d, i) =>
        (d - 1) * strides[i]! + output_padding[i]! + (w[2 + i]! - 1) * dilations[i]! + 1 - pads[i]! - pads[n + i]!,
    );
  const dims = [x[0]!, w[1]! * group, ...spatial];
  const out = new Map<string, number>();
  tabulate(x, ([b, c, ...place]) => {
    const g = Math.floor(c! / (x[1]! / group));
    tabulate(w.slice(1), ([m, ...tap]) => {
      const to = place.map((p, i) => p * strides[i]! + tap[i]! * dilations[i]! - pads[i]!);
      const key = [b, g * w[1]! + m!, ...to].join();
      const term = at(x, X.values, [b!, c!, ...place]) * at(w, W.values, [c!, m!, ...tap]);
      out.set(key, (out.get(key) ?? 0) + term);
      return 0;
    });
    return 0;
  });
  const expected = tabulate(dims, (index) => B.values[index[1]!]! + (out.get(index.join()) ?? 0));
  const attributes = { group, strides, dilations, pads, output_padding };
  for (const bound of [[1, 2], []])
    expectNear(runNode("ConvTranspose", [X, W, B], attributes, { bound }), dims, expected);
}

describe("ConvTranspose", () => {
  it("strides, pads, groups, output_padding, on one to three axes", () => {
    checkTransposed({ x: [1, 2, 4], w: [2, 3, 3] });
    checkTransposed({ x: [2, 2, 3, 4], w: [2, 2, 3, 2], strides: [2, 3], pads: [1, 0, 0, 1] });
    checkTransposed({ x: [1, 4, 3, 3], w: [4, 2, 4, 4], group: 2, strides: [2, 2], pads: [1, 1, 1, 1] });
    checkTransposed({ x: [1, 2, 3, 3], w: [2, 1, 3, 3], strides: [3, 2], output_padding: [2, 1] });
    checkTransposed({ x: [2, 4, 2, 2, 2], w: [4, 1, 3, 2, 2], group: 2, strides: [2, 2, 2] });
  });
  it("dilations, alone and with strides", () => {
    checkTransposed({ x: [1, 2, 4, 3], w: [2, 2, 3, 2], dilations: [2, 3] });
    checkTransposed({ x: [1, 2, 4, 3], w: [2, 2, 3, 2], dilations: [2, 1], strides: [2, 2], pads: [1, 1, 0, 2] });
  });
  it("output_shape and auto_pad choose the pads", () => {
    const [X, W] = [
      { dims: [1, 1, 3], values: [1, 2, 3] },
      { dims: [1, 1, 3], values: [1, 1, 1] },
    ];
    const run = (attributes: Record<string, number[] | string>) =>
      runNode("ConvTranspose", [X, W], { strides: [2], ...attributes }).values;
    expect(run({})).toEqual([1, 1, 3, 2, 5, 3, 3]);
    expect(run({ output_shape: [6] })).toEqual([1, 3, 2, 5, 3, 3]);
    expect(run({ auto_pad: "SAME_UPPER" })).toEqual([1, 1, 3, 2, 5, 3]);
    expect(run({ output_shape: [8] })).toEqual([1, 1, 3, 2, 5, 3, 3, 0]);
    expect(() => run({ pads: [4, 4] })).toThrow(/pads leave \[-1\] of \[3\]/);
  });
});

describe("Col2Im", () => {
  it("sums columns where their windows lay", () => {
    const [image, block, strides, dilations, pads] = [
      [5, 4],
      [2, 3],
      [2, 1],
      [1, 2],
      [1, 1, 0, 1],
    ];
    const windows = [3, 2];
    const X = random(1, [2, 3 * 6, 6]);
    const out = new Map<string, number>();
    tabulate([2, 3, ...block, ...windows], ([b, c, kh, kw, wh, ww]) => {
      const [h, w] = [
        wh! * strides[0]! + kh! * dilations[0]! - pads[0]!,
        ww! * strides[1]! + kw! * dilations[1]! - pads[1]!,
      ];
      const key = [b, c, h, w].join();
      const value = at(X.dims, X.values, [b!, (c! * 2 + kh!) * 3 + kw!, wh! * 2 + ww!]);
      out.set(key, (out.get(key) ?? 0) + value);
      return 0;
    });
    const expected = tabulate([2, 3, 5, 4], (index) => out.get(index.join()) ?? 0);
    const sizes = [image, block].map((values) => ({ type: "i64" as const, dims: [2], values }));
    const y = runNode("Col2Im", [X, ...sizes], { strides, dilations, pads }, { bound: [1, 2] });
    expectNear(y, [2, 3, 5, 4], expected);
  });
});

describe("pools", () => {
  const X = { dims: [1, 2, 3, 3], values: [1, 2, 2, 0, 1, 2, 5, 5, 4, -1, -1, -2, -3, -1, 0, -9, -9, -9] };
  const types = ["f32", "i64"] as const;

  it("MaxPool says where: the first of equal ones, in either storage order, never in the padding", () => {
    const pooled = (more: Record<string, number | number[]>) =>
      runNodeOutputs("MaxPool", [X], { kernel_shape: [2, 2], ...more }, { types }).map((r) => r.values);
    expect(pooled({})).toEqual([
      [2, 2, 5, 5, -1, 0, -1, 0],
      [1, 1, 6, 7, 9, 14, 13, 14],
    ]);
    expect(pooled({ storage_order: 1 })[1]!.slice(0, 4)).toEqual([3, 3, 2, 5]);
    const low = { dims: [1, 1, 2], values: [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY] };
    const [, where] = runNodeOutputs("MaxPool", [low], { kernel_shape: [2], pads: [1, 1] }, { types });
    expect(where!.values).toEqual([0, 0, 1]);
  });
  it("MaxUnpool puts them back", () => {
    const small = { dims: [1, 2, 1, 1], values: [7, 8] };
    const where = { type: "i64" as const, dims: [1, 2, 1, 1], values: [3, 4] };
    const shape = { type: "i64" as const, dims: [4], values: [1, 2, 2, 3] };
    const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
    expect(runNode("MaxUnpool", [small, where], attributes).values).toEqual([0, 0, 0, 7, 8, 0, 0, 0]);
    expect(runNode("MaxUnpool", [small, where, shape], attributes, { bound: [2] }).values).toEqual([
      0, 0, 0, 0, 7, 0, 8, 0, 0, 0, 0, 0,
    ]);
  });
  it("LpPool, GlobalLpPool: roots of sums of powers", () => {
    const line = random(5, [1, 1, 9]);
    for (const p of [1, 2, 3, 4, 6]) {
      const norm = (values: number[]) => values.reduce((sum, v) => sum + Math.abs(v) ** p, 0) ** (1 / p);
      const expected = [0, 1, 2, 3].map((o) => norm([-1, 0, 1].map((t) => line.values[2 * o + t] ?? 0)));
      expectNear(runNode("LpPool", [line], { p, kernel_shape: [3], strides: [2], pads: [1, 0] }), [1, 1, 4], expected);
      expectNear(runNode("GlobalLpPool", [line], { p }), [1, 1, 1], [norm(line.values)]);
    }
    expect(runNode("LpPool", [{ dims: [1, 1, 2], values: [0, 0] }], { p: 3, kernel_shape: [2] }).values).toEqual([0]);
  });
});
