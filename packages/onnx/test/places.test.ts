/** Operators that move elements to or from computed places. */
import { describe, expect, it } from "vitest";
import { at, tabulate } from "./near.ts";
import { numbers, random, runNode, runNodeOutputs } from "./run.ts";

const f = (dims: readonly number[], ...values: number[]) => ({ dims, values });
const i64 = (dims: readonly number[], ...values: number[]) => ({ type: "i64" as const, dims, values });
const i8 = (dims: readonly number[], ...values: number[]) => ({ type: "i8" as const, dims, values });

describe("Pad", () => {
  const line = f([1, 4], 1, 2, 3, 4);
  const padded = (mode: string, pads: number[], x = line) =>
    runNode("Pad", [x, i64([pads.length], ...pads)], { mode }, { bound: [1] }).values;

  it("goes on beyond the ends as the mode says, more than once around", () => {
    expect(padded("reflect", [0, 2, 0, 3])).toEqual([3, 2, 1, 2, 3, 4, 3, 2, 1]);
    expect(padded("reflect", [0, 8, 0, 0])).toEqual([3, 4, 3, 2, 1, 2, 3, 4, 3, 2, 1, 2, 3, 4].slice(-12));
    expect(padded("edge", [0, 2, 0, 1])).toEqual([1, 1, 1, 2, 3, 4, 4]);
    expect(padded("wrap", [0, 2, 0, 5])).toEqual([3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1]);
    expect(padded("edge", [0, -1, 0, 1])).toEqual([2, 3, 4, 4]);
    expect(() => padded("spiral", [0, 1, 0, 1])).toThrow(/mode spiral is not supported/);
  });
  it("three axes at once", () => {
    const x = random(1, [2, 3, 4]);
    const clamp = (v: number, d: number) => Math.min(Math.max(v, 0), d - 1);
    const expected = tabulate([4, 4, 7], ([a, b, c]) =>
      at(x.dims, x.values, [clamp(a! - 1, 2), clamp(b! - 1, 3), clamp(c! - 1, 4)]),
    );
    expect(padded("edge", [1, 1, 1, 1, 0, 2], x)).toEqual(expected);
  });
});

describe("gathering", () => {
  it("GatherND: tuples, negative entries, batches", () => {
    const data = f([2, 2, 2], 0, 1, 2, 3, 4, 5, 6, 7);
    expect(runNode("GatherND", [data, i64([2, 2], 0, 1, -1, 0)])).toEqual({ dims: [2, 2], values: [2, 3, 4, 5] });
    expect(runNode("GatherND", [data, i64([2, 1, 1], 1, 0)], { batch_dims: 1 })).toEqual({
      dims: [2, 1, 2],
      values: [2, 3, 4, 5],
    });
    expect(runNode("GatherND", [data, i64([2, 3], 0, 1, 1, 1, 2, 1)]).values).toEqual([3, 0]);
  });
  it("ReverseSequence, CenterCropPad", () => {
    const x = f([4, 2], 0, 4, 1, 5, 2, 6, 3, 7);
    expect(runNode("ReverseSequence", [x, i64([2], 4, 2)]).values).toEqual([3, 5, 2, 4, 1, 6, 0, 7]);
    expect(runNode("ReverseSequence", [x, i64([4], 2, 1, 1, 2)], { batch_axis: 0, time_axis: 1 }).values).toEqual([
      4, 0, 1, 5, 2, 6, 7, 3,
    ]);
    const cropped = runNode("CenterCropPad", [f([5], 1, 2, 3, 4, 5), i64([1], 2)], {}, { bound: [1] });
    expect(cropped.values).toEqual([2, 3]);
    const grown = runNode("CenterCropPad", [f([1, 2], 1, 2), i64([1], 5)], { axes: [-1] }, { bound: [1] });
    expect(grown).toEqual({ dims: [1, 5], values: [0, 1, 2, 0, 0] });
  });
  it("OneHot: negative and fractional indices, none that is beyond", () => {
    const values = f([2], 5, 1);
    const depth = f([], 3);
    const hot = (x: ReturnType<typeof f>, axis: number) =>
      runNode("OneHot", [x, depth, values], { axis }, { bound: [1] }).values;
    expect(hot(f([3], 1, -1, 3), -1)).toEqual([5, 1, 5, 5, 5, 1, 5, 5, 5]);
    expect(hot(f([2], 0.9, 2), 0)).toEqual([1, 5, 5, 5, 5, 1]);
  });
});

/** Plain ScatterElements: updates in order. */
function scattered(
  data: { dims: readonly number[]; values: readonly number[] },
  indices: { dims: readonly number[]; values: readonly number[] },
  updates: readonly number[],
  axis: number,
  join: (old: number, fresh: number) => number,
): number[] {
  const out = [...data.values];
  let e = 0;
  tabulate(indices.dims, (index) => {
    const raw = indices.values[e]!;
    const place = index.with(axis, raw < 0 ? raw + data.dims[axis]! : raw);
    const address = place.reduce((sum, v, i) => sum * data.dims[i]! + v, 0);
    out[address] = Math.fround(join(out[address]!, updates[e]!));
    e++;
    return 0;
  });
  return out;
}

describe("scattering", () => {
  const joins: Record<string, (a: number, b: number) => number> = {
    none: (_, b) => b,
    add: (a, b) => a + b,
    mul: (a, b) => a * b,
    max: Math.max,
    min: Math.min,
  };
  const places = (seed: number, count: number, length: number) =>
    numbers(seed, count).map((v) => Math.floor(v * length) || 0);

  it("ScatterElements along any axis, known and run-time places, equal places in order", () => {
    for (const axis of [0, 1, -1])
      for (const reduction of Object.keys(joins)) {
        const data = random(1, [4, 3, 5]);
        const dims = [3, 3, 2];
        const own = (axis + 3) % 3;
        const index = i64(dims, ...places(2, 18, data.dims[own]!));
        const updates = random(3, dims);
        const expected = scattered(data, index, updates.values, own, joins[reduction]!);
        for (const bound of [[], [1]])
          expect(runNode("ScatterElements", [data, index, updates], { axis, reduction }, { bound }).values).toEqual(
            expected,
          );
      }
    expect(runNode("Scatter", [f([3], 1, 2, 3), i64([1], 1), f([1], 9)], {}, { opset: 10 }).values).toEqual([1, 9, 3]);
    const wraps = runNode(
      "ScatterElements",
      [i8([1], 100), i64([2], 0, 0), i8([2], 100, 100)],
      { reduction: "add" },
      { type: "i8" },
    );
    expect(wraps.values).toEqual([44]);
  });
  it("ScatterND: rows, elements, more updates than one kernel looks through", () => {
    const data = random(4, [6, 2]);
    const rows = places(5, 900, 6);
    const updates = random(6, [900, 2]);
    for (const reduction of ["none", "max", "min"]) {
      const out = data.values.slice();
      for (const [u, raw] of rows.entries())
        for (let c = 0; c < 2; c++) {
          const to = ((raw + 6) % 6) * 2 + c;
          out[to] = joins[reduction]!(out[to]!, updates.values[u * 2 + c]!);
        }
      expect(runNode("ScatterND", [data, i64([900, 1], ...rows), updates], { reduction }).values).toEqual(out);
    }
    const one = runNode("ScatterND", [f([2, 2], 1, 2, 3, 4), i64([2, 2], 0, 1, 0, 1), f([2], 5, 6)], {
      reduction: "mul",
    });
    expect(one.values).toEqual([1, 60, 3, 4]);
    expect(() => runNode("ScatterND", [data, i64([1, 1], 0), f([1, 3], 1, 2, 3)])).toThrow(/updates \[1,3\]/);
  });
  it("TensorScatter writes a cache, once around when circular", () => {
    const cache = f([2, 4, 1], 0, 0, 0, 0, 0, 0, 0, 0);
    const update = f([2, 2, 1], 1, 2, 3, 4);
    const written = (mode: string) =>
      runNode("TensorScatter", [cache, update, i64([2], 1, 3)], { mode }, { opset: 24 }).values;
    expect(written("linear")).toEqual([0, 1, 2, 0, 0, 0, 0, 3]);
    expect(written("circular")).toEqual([0, 1, 2, 0, 4, 0, 0, 3]);
  });
});

describe("order", () => {
  it("TopK: either way, equal ones in their order, NaN as the greatest", () => {
    const x = f([2, 4], 3, 1, 3, -2, 0, -0, Number.NaN, 5);
    const top = (largest: number) =>
      runNodeOutputs("TopK", [x, i64([1], 3)], { largest }, { bound: [1], types: ["f32", "i64"] });
    expect(top(1).map((r) => r.values)).toEqual([
      [3, 3, 1, Number.NaN, 5, 0],
      [0, 2, 1, 2, 3, 0],
    ]);
    expect(top(0).map((r) => r.values)).toEqual([
      [-2, 1, 3, 0, -0, 5],
      [3, 1, 0, 0, 1, 3],
    ]);
    const columns = runNodeOutputs("TopK", [x, i64([1], 1)], { axis: 0 }, { bound: [1], types: ["f32", "i64"] });
    expect(columns.map((r) => r.values)).toEqual([
      [3, 1, Number.NaN, 5],
      [0, 0, 1, 1],
    ]);
    expect(() => runNode("TopK", [x, i64([1], 5)], {}, { bound: [1] })).toThrow(/K 5 of 4/);
  });
  it("Compress, NonZero, Unique: what they choose must be known", () => {
    const x = f([2, 3], 1, 2, 3, 4, 5, 6);
    const bool = (...values: number[]) => ({ type: "bool" as const, dims: [values.length], values });
    expect(runNode("Compress", [x, bool(0, 1, 1)], { axis: 1 }, { bound: [1] }).values).toEqual([2, 3, 5, 6]);
    expect(runNode("Compress", [x, bool(0, 1, 0, 0, 1)], {}, { bound: [1] }).values).toEqual([2, 5]);
    expect(() => runNode("Compress", [x, bool(0, 1)], { axis: 1 })).toThrow(/computed from the model's inputs/);
    const i = { type: "i64" } as const;
    expect(runNode("NonZero", [f([2, 2], 1, 0, 0, -2)], {}, { ...i, bound: [0] }).values).toEqual([0, 1, 0, 1]);
    const types = ["f32", "i64", "i64", "i64"] as const;
    const found = (y: ReturnType<typeof f>, attributes: Record<string, number>) =>
      runNodeOutputs("Unique", [y], attributes, { bound: [0], types }).map((r) => r.values);
    expect(found(f([5], 2, 1, 1, 3, 2), {})).toEqual([
      [1, 2, 3],
      [1, 0, 3],
      [1, 0, 0, 2, 1],
      [2, 2, 1],
    ]);
    expect(found(f([5], 2, 1, 1, 3, 2), { sorted: 0 })[0]).toEqual([2, 1, 3]);
    expect(found(f([3, 2], 1, 0, 1, 0, 0, 5), { axis: 0 })[0]).toEqual([0, 5, 1, 0]);
  });
  it("BitCast keeps the bits", () => {
    const bits = runNode("BitCast", [f([2], 1, -0)], { to: 6 }, { opset: 26, type: "i32" });
    expect(bits.values).toEqual([0x3f800000, -(2 ** 31)]);
    expect(() => runNode("BitCast", [f([1], 1)], { to: 3 }, { opset: 26, type: "i8" })).toThrow(
      /from float to int8 is not supported/,
    );
  });
});
