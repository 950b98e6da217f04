import { describe, expect, it } from "vitest";
import { at, expectNear, tabulate } from "./near.ts";
import type { AttributeValue, TensorFacts, TypeName } from "./onnxFile.ts";
import { random, runNode } from "./run.ts";

const f = (dims: readonly number[], ...values: number[]) => ({ dims, values });
const ints = (...values: number[]) => ({ type: "i64" as const, dims: [values.length], values });

describe("products", () => {
  it("Gemm: transposes, factors, broadcast C", () => {
    for (const [transA, transB] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const A = random(1, transA ? [5, 3] : [3, 5]);
      const B = random(2, transB ? [4, 5] : [5, 4]);
      for (const C of [
        undefined,
        random(3, [4]),
        random(3, [3, 1]),
        random(3, [1, 4]),
        random(3, [3, 4]),
        random(3, [1]),
      ]) {
        for (const [alpha, beta] of [
          [1, 1],
          [0.5, 1],
          [1, 2],
          [0.25, 0.5],
        ] as const) {
          const expected = tabulate([3, 4], ([m, n]) => {
            let sum = 0;
            for (let k = 0; k < 5; k++)
              sum +=
                at(A.dims, A.values, transA ? [k, m!] : [m!, k]) * at(B.dims, B.values, transB ? [n!, k] : [k, n!]);
            const own = C?.dims.map((d, i) => (d === 1 ? 0 : [m!, n!][2 - C.dims.length + i]!));
            return alpha * sum + (C && own ? beta * at(C.dims, C.values, own) : 0);
          });
          const attributes = { transA, transB, alpha: { float: alpha }, beta: { float: beta } };
          expectNear(runNode("Gemm", [A, B, C], attributes), [3, 4], expected);
        }
      }
    }
    expect(() => runNode("Gemm", [random(1, [3, 5]), random(2, [4, 5])])).toThrow(/do not multiply/);
    expect(() => runNode("Gemm", [random(1, [3, 5]), random(2, [5, 4]), random(3, [2, 3, 4])])).toThrow(
      /does not broadcast/,
    );
  });
  it("MatMul: broadcast batches, vectors, i32", () => {
    const [A, B] = [random(1, [2, 1, 3, 4]), random(2, [5, 4, 2])];
    const expected = tabulate([2, 5, 3, 2], ([a, b, m, n]) => {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += at(A.dims, A.values, [a!, 0, m!, k]) * at(B.dims, B.values, [b!, k, n!]);
      return sum;
    });
    expectNear(runNode("MatMul", [A, B]), [2, 5, 3, 2], expected);
    expect(runNode("MatMul", [f([2], 1, 2), f([2], 3, 4)])).toEqual({ dims: [], values: [11] });
    expect(runNode("MatMul", [f([2], 1, 2), f([2, 2], 1, 2, 3, 4)])).toEqual({ dims: [2], values: [7, 10] });
    expect(runNode("MatMul", [f([2, 2], 1, 2, 3, 4), f([2], 1, 2)])).toEqual({ dims: [2], values: [5, 11] });
    const i = (...values: number[]) => ({ type: "i32" as const, dims: [2, 2], values });
    expect(runNode("MatMul", [i(1, 2, 3, 4), i(2 ** 30, 0, 2 ** 30, 1)], {}, { type: "i32" }).values).toEqual([
      3 * 2 ** 30 - 2 ** 32,
      2,
      7 * 2 ** 30 - 2 ** 33,
      4,
    ]);
    const u = { type: "u32" as const, dims: [1, 1], values: [2 ** 32 - 1] };
    expect(runNode("MatMul", [u, { ...u, values: [3] }], {}, { type: "u32" }).values).toEqual([2 ** 32 - 3]);
    expect(() => runNode("MatMul", [random(1, [2, 3]), random(2, [2, 3])])).toThrow(/do not multiply/);
  });
});

describe("elementwise", () => {
  it("broadcasts", () => {
    expect(runNode("Add", [f([2, 1], 1, 2), f([3], 10, 20, 30)])).toEqual({
      dims: [2, 3],
      values: [11, 21, 31, 12, 22, 32],
    });
    expect(runNode("Sub", [f([], 5), f([2], 1, 2)])).toEqual({ dims: [2], values: [4, 3] });
    expect(() => runNode("Add", [f([2], 1, 2), f([3], 1, 2, 3)])).toThrow(/\[2\] and \[3\] do not broadcast/);
  });
  it("computes integers with wrapping, division truncates", () => {
    const i8 = (...values: number[]) => ({ type: "i8" as const, dims: [values.length], values });
    expect(runNode("Add", [i8(127, -5), i8(1, -5)], {}, { type: "i8" }).values).toEqual([-128, -10]);
    const i32 = (...values: number[]) => ({ type: "i32" as const, dims: [values.length], values });
    expect(runNode("Div", [i32(-7, 7, -7), i32(2, -2, -2)], {}, { type: "i32" }).values).toEqual([-3, -3, 3]);
    expect(() => runNode("Add", [i32(1), f([1], 1)])).toThrow(/types i32 and f32/);
    const i64 = { type: "i64" as const, dims: [1], values: [1] };
    expect(runNode("Add", [i64, i64], {}, { type: "i64" }).values).toEqual([2]);
    expect(() => runNode("Add", [{ type: "complex64", dims: [1], values: [0] }, f([1], 1)])).toThrow(
      /complex64, which is not supported/,
    );
  });
  it("Relu keeps NaN and −0", () => {
    const y = runNode("Relu", [f([5], Number.NaN, -1, -0, 2, Number.NEGATIVE_INFINITY)]);
    expect(y.values).toEqual([Number.NaN, 0, -0, 2, 0]);
  });
  it("Div, Mul with the specials of IEEE-754", () => {
    expect(runNode("Div", [f([3], 1, -1, 0), f([1], 0)]).values).toEqual([
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
    expect(runNode("Mul", [f([2], 1e38, 1e-40), f([1], 10)]).values).toEqual([
      Number.POSITIVE_INFINITY,
      Math.fround(Math.fround(1e-40) * 10),
    ]);
  });
});

describe("Softmax", () => {
  const X = random(4, [2, 3, 4]);
  const softmax = (rows: (index: readonly number[]) => string) => {
    const sums = new Map<string, number>();
    tabulate(X.dims, (i) => sums.set(rows(i), (sums.get(rows(i)) ?? 0) + Math.exp(at(X.dims, X.values, i))).size);
    return tabulate(X.dims, (i) => Math.exp(at(X.dims, X.values, i)) / sums.get(rows(i))!);
  };
  it("runs along one axis from operator set 13, over all later axes before", () => {
    expectNear(
      runNode("Softmax", [X], { axis: 1 }),
      X.dims,
      softmax(([a, , c]) => `${a},${c}`),
    );
    expectNear(
      runNode("Softmax", [X]),
      X.dims,
      softmax(([a, b]) => `${a},${b}`),
    );
    expectNear(
      runNode("Softmax", [X], {}, { opset: 11 }),
      X.dims,
      softmax(([a]) => `${a}`),
    );
    expectNear(
      runNode("Softmax", [X], { axis: 2 }, { opset: 11 }),
      X.dims,
      softmax(([a, b]) => `${a},${b}`),
    );
  });
  it("does not overflow", () => {
    expect(runNode("Softmax", [f([3], 1000, 1000, -1000)]).values).toEqual([0.5, 0.5, 0]);
    expect(() => runNode("Softmax", [X], { axis: 3 })).toThrow(/axis 3 does not exist/);
  });
});

describe("views", () => {
  const X = random(5, [2, 3, 4]);
  it("Reshape: 0, −1, allowzero", () => {
    expect(runNode("Reshape", [X, ints(0, -1)], {}, { bound: [1] })).toEqual({ dims: [2, 12], values: X.values });
    expect(runNode("Reshape", [X, ints(4, 0, -1)], {}, { bound: [1] }).dims).toEqual([4, 3, 2]);
    expect(() => runNode("Reshape", [X, ints(5, -1)], {}, { bound: [1] })).toThrow(
      /\[2,3,4\] can not take|dimension of/,
    );
    expect(() => runNode("Reshape", [X, ints(2, 3)], {}, { bound: [1] })).toThrow(/can not take the shape/);
    expect(() => runNode("Reshape", [X, ints(24)])).toThrow(/shape is computed from the model's inputs; bind it/);
  });
  it("Flatten, Squeeze, Unsqueeze, Transpose", () => {
    expect(runNode("Flatten", [X], { axis: -1 }).dims).toEqual([6, 4]);
    expect(runNode("Flatten", [X], { axis: 0 }).dims).toEqual([1, 24]);
    expect(runNode("Unsqueeze", [X, ints(0, -1)], {}, { bound: [1] }).dims).toEqual([1, 2, 3, 4, 1]);
    expect(runNode("Squeeze", [random(5, [1, 3, 1])], { axes: [0] }, { opset: 11 }).dims).toEqual([3, 1]);
    const y = runNode("Transpose", [X], { perm: [2, 0, 1] });
    expect(y).toEqual({
      dims: [4, 2, 3],
      values: tabulate([4, 2, 3], ([a, b, c]) => at(X.dims, X.values, [b!, c!, a!])),
    });
    expect(() => runNode("Transpose", [X], { perm: [0, 0, 1] })).toThrow(/no permutation/);
    expect(() => runNode("Squeeze", [X], { axes: [0] }, { opset: 11 })).toThrow(/is not 1/);
  });
  it("Slice, Pad, Concat, Split, Gather, Expand", () => {
    const v = f([5], 0, 1, 2, 3, 4);
    const slice = (...l: number[][]) =>
      runNode("Slice", [v, ...l.map((x) => ints(...x))], {}, { bound: [1, 2, 3, 4] }).values;
    expect(slice([1], [4])).toEqual([1, 2, 3]);
    expect(slice([-1], [-100], [0], [-2])).toEqual([4, 2, 0]);
    expect(slice([-3], [2 ** 40], [0], [1])).toEqual([2, 3, 4]);
    expect(runNode("Pad", [v, ints(1, 2)], {}, { bound: [1] }).values).toEqual([0, 0, 1, 2, 3, 4, 0, 0]);
    expect(runNode("Pad", [v, ints(-1, 1), f([], 9)], {}, { bound: [1, 2] }).values).toEqual([1, 2, 3, 4, 9]);
    expect(runNode("Concat", [v, f([2], 8, 9)], { axis: 0 }).values).toEqual([0, 1, 2, 3, 4, 8, 9]);
    expect(runNode("Gather", [v, ints(-1, 0)], { axis: 0 }).values).toEqual([4, 0]);
    expect(runNode("Expand", [f([2, 1], 1, 2), ints(3, 1, 2)], {}, { bound: [1] }).values).toEqual([
      1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2,
    ]);
  });
});

describe("the rest", () => {
  it("Mod takes the divisor's sign, with fmod the dividend's", () => {
    const i = (...values: number[]) => ({ type: "i32" as const, dims: [values.length], values });
    const pairs = [i(-7, 7, -6, 5), i(3, -3, 3, 5)] as const;
    expect(runNode("Mod", pairs, {}, { type: "i32" }).values).toEqual([2, -2, 0, 0]);
    expect(runNode("Mod", pairs, { fmod: 1 }, { type: "i32" }).values).toEqual([-1, 1, 0, 0]);
    expect(() => runNode("Mod", [f([1], 1), f([1], 1)])).toThrow(/type f32 is not supported/);
  });
  it("fmod of floats is exact", () => {
    const samples = [0, 1, -1, 0.1, 5.3, -7.25, 1e-45, -3e-39, 1.2e-38, 16777215, -3.4e38, 1e30, 1 / 0, Number.NaN];
    const a = samples.flatMap((x) => samples.map(() => Math.fround(x)));
    const b = samples.flatMap(() => samples.map(Math.fround));
    const tensors = [a, b].map((values) => ({ dims: [values.length], values }));
    expect(runNode("Mod", tensors, { fmod: 1 }).values).toEqual(a.map((x, i) => x % b[i]!));
  });
  it("reductions of integers, booleans, no axis and more axes than a kernel has folds", () => {
    const t = (type: TypeName, ...values: number[]) => ({ type, dims: [values.length], values });
    const run = (op: string, x: TensorFacts, options = {}) =>
      runNode(op, [x], { keepdims: 0, ...options }, { type: x.type ?? "f32", opset: 18 }).values;
    expect(run("ReduceSum", t("i64", 1, -5, 2))).toEqual([-2]);
    expect(run("ReduceMean", t("i32", 1, 2, -10))).toEqual([-2]);
    expect(run("ReduceMax", t("u32", 1, 4e9, 3))).toEqual([4e9]);
    expect(run("ReduceMin", t("bool", 1, 0, 1))).toEqual([0]);
    expect(run("ReduceSum", t("f32", 1, 2), { noop_with_empty_axes: 1 })).toEqual([1, 2]);
    expect(run("ReduceProd", { dims: [1, 2, 1, 2, 1, 2], values: [1, 2, 3, 4, 5, 6, 7, 8] })).toEqual([40320]);
  });
  it("Hardmax takes the first of the greatest; losses weigh, ignore and average", () => {
    expect(runNode("Hardmax", [f([2, 3], 1, 3, 3, -1, -2, -3)]).values).toEqual([0, 1, 0, 1, 0, 0]);
    const label = { type: "i64" as const, dims: [3], values: [0, 2, 1] };
    const scores = f([3, 3], -1, -2, -3, -4, -5, -6, -7, -8, -9);
    const loss = (attributes: Record<string, AttributeValue>, ...weights: number[]) =>
      runNode("NegativeLogLikelihoodLoss", [scores, label, f([3], ...weights)], attributes).values;
    expect(loss({ reduction: "none" }, 1, 2, 3)).toEqual([1, 18, 16]);
    expect(loss({ reduction: "sum", ignore_index: 2 }, 1, 2, 3)).toEqual([17]);
    expect(loss({}, 1, 2, 1)).toEqual([23 / 4]);
    const entropy = runNode("SoftmaxCrossEntropyLoss", [f([1, 2], 0, 0), { ...label, dims: [1], values: [1] }]);
    expectNear(entropy, [], [Math.LN2]);
  });
  it("windows of signals", () => {
    const window = (op: string, size: number, periodic: number) =>
      runNode(op, [{ type: "i64", dims: [], values: [size] }], { periodic }, { bound: [0] });
    const half = (n: number, i: number) => Math.sin((Math.PI * i) / n) ** 2;
    expectNear(
      window("HannWindow", 5, 1),
      [5],
      [0, 1, 2, 3, 4].map((i) => half(5, i)),
    );
    expectNear(
      window("HammingWindow", 4, 0),
      [4],
      [0, 1, 2, 3].map((i) => 4 / 46 + (42 / 46) * half(3, i)),
    );
    expectNear(
      window("BlackmanWindow", 4, 1),
      [4],
      [0, 1, 2, 3].map((i) => 0.42 - 0.5 * Math.cos((Math.PI * i) / 2) + 0.08 * Math.cos(Math.PI * i)),
    );
  });
  it("SwiGLU, Swish and the Gelus", () => {
    const x = [-3, -0.5, 0, 1, 4];
    const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
    expectNear(
      runNode("SwiGLU", [f([5], ...x), f([5], 1, 2, 3, 4, 5)], { alpha: { float: 2 } }),
      [5],
      x.map((v, i) => v * sigmoid(2 * v) * (i + 1)),
    );
    expectNear(runNode("Gelu", [f([5], ...x)]), [5], [-0.00404969, -0.15426877, 0, 0.84134475, 3.99987332]);
  });
  it("Dropout that drops nothing", () => {
    const on = { type: "bool" as const, dims: [], values: [1] };
    const run = (ratio: number) => runNode("Dropout", [f([2], 1, 2), f([], ratio), on], {}, { bound: [1, 2] }).values;
    expect(run(0)).toEqual([1, 2]);
    expect(() => run(0.5)).toThrow(/training_mode is not supported/);
  });
  it("Pow with a constant integer", () => {
    const pow = (n: number) => runNode("Pow", [f([3], -2, 0.5, 3), f([], n)], {}, { bound: [1] }).values;
    expect(pow(3)).toEqual([-8, 0.125, 27]);
    expect(pow(0)).toEqual([1, 1, 1]);
    expect(pow(-1)).toEqual([-0.5, 2, Math.fround(1 / 3)]);
    expect(pow(0.5)).toEqual([Number.NaN, Math.fround(Math.SQRT1_2), Math.fround(Math.sqrt(3))]);
  });
  it("Pow of all number types has the type of its base", () => {
    const i32 = (...values: number[]) => ({ type: "i32" as const, dims: [values.length], values });
    const power = (a: TensorFacts, b: TensorFacts) => runNode("Pow", [a, b], {}, { type: a.type ?? "f32" }).values;
    expect(power(f([2], 2, 3), i32(10, -1))).toEqual([1024, Math.fround(1 / 3)]);
    expect(power(i32(3, -2, 2, -1, 7), i32(13, 31, -1, -3, 33))).toEqual([
      1594323,
      -(2 ** 31),
      0,
      -1,
      Number(BigInt.asIntN(32, 7n ** 33n)),
    ]);
    expect(power(i32(3, 2), f([2], 6, 0.5))).toEqual([729, 1]);
  });
  it("LayerNormalization, RMSNormalization", () => {
    const X = random(9, [2, 5]);
    const rows = [X.values.slice(0, 5), X.values.slice(5)];
    const scale = f([5], 1, 2, 3, 4, 5);
    const layer = rows.flatMap((row) => {
      const mean = row.reduce((a, b) => a + b) / 5;
      const deviation = Math.sqrt(row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 5 + 1e-5);
      return row.map((v, i) => ((v - mean) / deviation) * (i + 1) + 1);
    });
    expectNear(runNode("LayerNormalization", [X, scale, f([5], 1, 1, 1, 1, 1)]), [2, 5], layer);
    const rms = rows.flatMap((row) =>
      row.map((v, i) => (v / Math.sqrt(row.reduce((sum, w) => sum + w * w, 0) / 5 + 1e-5)) * (i + 1)),
    );
    expectNear(runNode("RMSNormalization", [X, scale], {}, { opset: 23 }), [2, 5], rms);
  });
  it("Tile, DepthToSpace, Trilu, GatherElements, Range, ConstantOfShape", () => {
    expect(runNode("Tile", [f([2, 1], 1, 2), ints(1, 3)], {}, { bound: [1] }).values).toEqual([1, 1, 1, 2, 2, 2]);
    const depth = runNode("DepthToSpace", [{ dims: [1, 4, 1, 1], values: [1, 2, 3, 4] }], { blocksize: 2 });
    expect(depth).toEqual({ dims: [1, 1, 2, 2], values: [1, 2, 3, 4] });
    expect(runNode("Trilu", [f([2, 2], 1, 2, 3, 4)], { upper: 0 }).values).toEqual([1, 0, 3, 4]);
    const index = { type: "i64" as const, dims: [2, 1], values: [-1, 0] };
    expect(runNode("GatherElements", [f([2, 2], 1, 2, 3, 4), index], { axis: 1 }).values).toEqual([2, 3]);
    const counts = [f([], 1), f([], 2), f([], 0.25)];
    expect(runNode("Range", counts, {}, { bound: [0, 1, 2] }).values).toEqual([1, 1.25, 1.5, 1.75]);
    expect(runNode("ConstantOfShape", [ints(2, 2)], { value: f([1], 7) }, { bound: [0] }).values).toEqual([7, 7, 7, 7]);
  });
  it("CumSum, OneHot, EyeLike, bits", () => {
    const cumSum = (attributes: Record<string, number>) =>
      runNode("CumSum", [f([4], 1, 2, 3, 4), { type: "i64", dims: [], values: [0] }], attributes, { bound: [1] })
        .values;
    expect(cumSum({})).toEqual([1, 3, 6, 10]);
    expect(cumSum({ exclusive: 1 })).toEqual([0, 1, 3, 6]);
    expect(cumSum({ reverse: 1 })).toEqual([10, 9, 7, 4]);
    expect(cumSum({ reverse: 1, exclusive: 1 })).toEqual([9, 7, 4, 0]);
    const hot = runNode("OneHot", [ints(-1, 0, 5), ints(3), f([2], 7, 9)], {}, { bound: [1] });
    expect(hot).toEqual({ dims: [3, 3], values: [7, 7, 9, 9, 7, 7, 7, 7, 7] });
    expect(runNode("EyeLike", [f([2, 3], 0, 0, 0, 0, 0, 0)], { k: 1 }).values).toEqual([0, 1, 0, 0, 0, 1]);
    const bytes = (...values: number[]) => ({ type: "u8" as const, dims: [values.length], values });
    const shift = runNode("BitShift", [bytes(129, 3, 255), bytes(1, 7, 9)], { direction: "LEFT" }, { type: "u8" });
    expect(shift.values).toEqual([2, 128, 0]);
    expect(runNode("BitwiseXor", [bytes(5), bytes(3)], {}, { type: "u8" }).values).toEqual([6]);
  });
  it("InstanceNormalization, ReduceLogSumExp", () => {
    const X = random(11, [1, 2, 4]);
    const normal = [X.values.slice(0, 4), X.values.slice(4)].flatMap((row, c) => {
      const mean = row.reduce((a, b) => a + b) / 4;
      const deviation = Math.sqrt(row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 4 + 1e-5);
      return row.map((v) => ((v - mean) / deviation) * (c + 1) - c);
    });
    expectNear(runNode("InstanceNormalization", [X, f([2], 1, 2), f([2], 0, -1)]), [1, 2, 4], normal);
    const logs = runNode(
      "ReduceLogSumExp",
      [f([3, 2], 1, 100, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 1 / 0, 3), ints(1)],
      { keepdims: 0 },
      { bound: [1] },
    );
    expect(logs.values).toEqual([100, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });
});
