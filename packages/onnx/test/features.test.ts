import { describe, expect, it } from "vitest";
import { expectNear } from "./near.ts";
import type { AttributeValue, TensorFacts, TypeName } from "./onnxFile.ts";
import { runNode, runNodeOutputs } from "./run.ts";

const scalar = (value: number, type: TypeName = "f32"): TensorFacts => ({ type, dims: [], values: [value] });

describe("TfIdfVectorizer", () => {
  const single = [[4], [2]];
  const pairs = [
    [1, 2],
    [2, 1],
    [2, 2],
  ];
  const rows = [
    [1, 2, 2, 1, 4, 2],
    [2, 4, 1, 3, 2, 1],
  ];
  const x = { type: "i32" as const, dims: [2, 6], values: rows.flat() };
  const columns = [3, 0, 1, 4, 2];
  const pool = {
    pool_int64s: [...single, ...pairs].flat(),
    ngram_counts: [0, 2],
    ngram_indexes: columns,
    mode: "TF",
    min_gram_length: 1,
    max_gram_length: 2,
    max_skip_count: 0,
  };
  /** by its definition: every start, every distance between the items */
  function counted(row: readonly number[], gram: readonly number[], skips: number): number {
    let count = 0;
    for (let apart = 1; apart <= (gram.length === 1 ? 1 : skips + 1); apart++)
      for (let start = 0; start + (gram.length - 1) * apart < row.length; start++)
        if (gram.every((item, i) => row[start + i * apart] === item)) count++;
    return count;
  }
  const table = (grams: readonly (readonly number[])[], skips: number): number[] =>
    rows.flatMap((row) => columns.map((_, c) => grams.map((g) => counted(row, g, skips))[columns.indexOf(c)] ?? 0));

  it("counts n-grams of each length, with items left out between", () => {
    for (const max_skip_count of [0, 1, 4]) {
      const y = runNode("TfIdfVectorizer", [x], { ...pool, max_skip_count });
      expectNear(y, [2, 5], table([...single, ...pairs], max_skip_count));
    }
  });
  it("leaves out what is shorter or longer than asked for", () => {
    const y = runNode("TfIdfVectorizer", [x], { ...pool, min_gram_length: 2 });
    expectNear(
      y,
      [2, 5],
      table(
        [[], [], ...pairs].map((g) => (g.length === 0 ? [99] : g)),
        0,
      ),
    );
    const one = runNode("TfIdfVectorizer", [{ ...x, dims: [12] }], { ...pool, max_gram_length: 1 });
    expect(one).toEqual({ dims: [5], values: [5, 0, 0, 2, 0] });
  });
  it("weighs", () => {
    const order = { ...pool, ngram_indexes: [0, 1, 2, 3, 4] };
    const counts = runNode("TfIdfVectorizer", [x], order).values;
    const weights = [0.5, 2, 3, 4, 5];
    const weighed = (mode: string): Record<string, AttributeValue> => ({
      ...order,
      mode,
      weights: { floats: weights },
    });
    expectNear(
      runNode("TfIdfVectorizer", [x], weighed("TFIDF")),
      [2, 5],
      counts.map((count, i) => count * weights[i % 5]!),
    );
    expectNear(
      runNode("TfIdfVectorizer", [x], weighed("IDF")),
      [2, 5],
      counts.map((count, i) => (count > 0 ? weights[i % 5]! : 0)),
    );
    expect(() => runNode("TfIdfVectorizer", [x], { ...weighed("IDF"), ngram_indexes: columns })).toThrow(/order/);
  });
});

describe("MelWeightMatrix", () => {
  const matrix = (bins: number, length: number, rate: number, low: number, high: number) =>
    runNode(
      "MelWeightMatrix",
      [scalar(bins, "i64"), scalar(length, "i64"), scalar(rate, "i64"), scalar(low), scalar(high)],
      {},
      { bound: [0, 1, 2, 3, 4], opset: 17 },
    );
  it("has triangles between places that are apart by equal steps of the mel scale", () => {
    const [bins, length, rate, low, high] = [6, 64, 16000, 60, 7000];
    const mel = (f: number): number => 2595 * Math.log10(1 + f / 700);
    const step = (mel(high) - mel(low)) / (bins + 2);
    const places = Array.from({ length: bins + 2 }, (_, i) => {
      const f = 700 * (10 ** ((mel(low) + i * step) / 2595) - 1);
      return Math.floor(((length + 1) * f) / rate);
    });
    const expected = Array.from({ length: 33 }, (_, at) =>
      Array.from({ length: bins }, (_, i) => {
        const [a, b, c] = [places[i]!, places[i + 1]!, places[i + 2]!];
        if (at === b) return 1;
        return at > a && at < b ? (at - a) / (b - a) : at > b && at < c ? (c - at) / (c - b) : 0;
      }),
    );
    expectNear(matrix(bins, length, rate, low, high), [33, bins], expected.flat());
  });
  it("is refused where rounding would decide on a bin", () => {
    // the lower edge is the middle of the spectrum's second bin exactly
    expect(() => matrix(4, 63, 6400, 200, 3000)).toThrow(/between two bins/);
  });
});

describe("extremes and ranges of every type", () => {
  const types = ["i8", "u8", "i16", "u16", "i32", "u32", "i64"] as const;
  it("ArgMax and ArgMin compare unsigned words as such", () => {
    for (const type of types) {
      const values = type.startsWith("u") ? [3, 200, 200, 0, 0, 7] : [3, 100, 100, -5, -5, 7];
      const wide = type === "u32" ? values.map((v) => (v === 200 ? 2 ** 32 - 1 : v)) : values;
      const x = { type, dims: [6], values: wide };
      const find = (op: string, select_last_index: number) =>
        runNode(op, [x], { select_last_index, keepdims: 0 }, { type: "i64" }).values[0];
      expect([find("ArgMax", 0), find("ArgMax", 1), find("ArgMin", 0), find("ArgMin", 1)]).toEqual([1, 2, 3, 4]);
    }
  });
  it("ArgMax of a long axis goes by stretches: the first or last of equals, in whichever they lie", () => {
    const row = (best: readonly number[], value: number) =>
      Array.from({ length: 1100 }, (_, i) => (best.includes(i) ? value : i % 7));
    const x = { dims: [3, 1100], values: [...row([511, 512, 1099], 9), ...row([700], Number.NaN), ...row([], 0)] };
    const find = (select_last_index: number) =>
      runNode("ArgMax", [x], { axis: 1, select_last_index, keepdims: 0 }, { type: "i64" }).values;
    expect(find(0)).toEqual([511, 700, 6]);
    expect(find(1)).toEqual([1099, 700, 1098]);
    const none = { dims: [1100], values: new Array<number>(1100).fill(Number.NEGATIVE_INFINITY) };
    expect(runNode("ArgMax", [none], { select_last_index: 1 }, { type: "i64" }).values).toEqual([1099]);
  });
  it("Range of 16-bit integers", () => {
    const [start, limit, delta] = [5, -8, -3].map((v) => scalar(v, "i16"));
    expect(runNode("Range", [start, limit, delta], {}, { bound: [0, 1, 2], type: "i16" })).toEqual({
      dims: [5],
      values: [5, 2, -1, -4, -7],
    });
  });
  it("ReduceL1 and ReduceSumSquare of integers", () => {
    const x = { type: "i32" as const, dims: [2, 3], values: [1, -2, 3, -4, 5, -6] };
    const reduced = (op: string) =>
      runNodeOutputs(op, [x, { type: "i64", dims: [1], values: [1] }], { keepdims: 0 }, { bound: [1], type: "i32" });
    expect(reduced("ReduceL1")).toEqual([{ dims: [2], values: [6, 15] }]);
    expect(reduced("ReduceSumSquare")).toEqual([{ dims: [2], values: [14, 77] }]);
  });
});

it("what nothing gives is the extreme of the type", () => {
  const reduced = (op: string, type: TypeName) =>
    runNodeOutputs(op, [{ type, dims: [0], values: [] }], {}, { opset: 20, type, bound: [0] })[0]!.values[0];
  expect(["i8", "i16", "i32", "u8", "u16"].map((type) => reduced("ReduceMax", type as TypeName))).toEqual([
    -128, -32768, -0x80000000, 0, 0,
  ]);
  expect(["i8", "i16", "i32", "u8", "u16"].map((type) => reduced("ReduceMin", type as TypeName))).toEqual([
    127, 32767, 0x7fffffff, 255, 65535,
  ]);
  expect(() => reduced("ReduceMin", "i64")).toThrow(/does not fit in 32 bits/);
});

it("a reduction over no axes is applied to each element, a scalar's too", () => {
  const x = { dims: [3], values: [-2, 3, 0.5] };
  const alone = (op: string, t: TensorFacts) => runNode(op, [t], { noop_with_empty_axes: 1 }).values;
  expect(alone("ReduceSumSquare", x)).toEqual([4, 9, 0.25]);
  expect(alone("ReduceL1", x)).toEqual([2, 3, 0.5]);
  expect(alone("ReduceL2", x)).toEqual([2, 3, 0.5]);
  expect(alone("ReduceMean", x)).toEqual(x.values);
  expect(runNode("ReduceL1", [scalar(-3)]).values).toEqual([3]);
  expect(runNode("ReduceLogSum", [scalar(1)]).values).toEqual([0]);
});

it("Range of doubles is refused where their rounding decides how many there are", () => {
  const range = (...values: number[]) =>
    runNode(
      "Range",
      values.map((v) => scalar(v, "f64")),
      {},
      { bound: [0, 1, 2], type: "f64" },
    ).values;
  expect(range(0, 2, 0.5)).toEqual([0, 0.5, 1, 1.5]);
  // 5 in f32, 4 in doubles
  expect(() => range(-2, 0.7999999999999998, 0.7)).toThrow(/not clear/);
  expect(() => range(-0.5, -1.1, -0.3)).toThrow(/not clear/);
});
