import { describe, expect, it } from "vitest";
import { expectNear } from "./near.ts";
import type { AttributeValue, TensorFacts, TypeName } from "./onnxFile.ts";
import { runNode } from "./run.ts";

const SAMPLES = [
  -104, -30, -3.5, -2.5, -1, -0.75, -0.5, -1e-3, -1e-7, -0, 0, 1e-30, 1e-6, 0.1, 0.5, 1, 1.5, 2, 2.5, 7, 40,
];
const float = (value: number): AttributeValue => ({ float: value });
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const halfEven = (x: number): number => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

type Case = readonly [op: string, f: (x: number) => number, attributes?: Record<string, AttributeValue>];

const CASES: readonly Case[] = [
  ["Relu", (x) => Math.max(x, 0)],
  ["LeakyRelu", (x) => (x < 0 ? 0.2 * x : x), { alpha: float(0.2) }],
  ["Elu", (x) => (x < 0 ? 1.5 * Math.expm1(x) : x), { alpha: float(1.5) }],
  ["Selu", (x) => 1.0507010221481323 * (x < 0 ? 1.6732631921768188 * Math.expm1(x) : x)],
  ["Celu", (x) => Math.max(0, x) + Math.min(0, 2 * Math.expm1(x / 2)), { alpha: float(2) }],
  ["HardSigmoid", (x) => Math.max(0, Math.min(1, 0.2 * x + 0.5))],
  ["HardSwish", (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5))],
  ["Swish", (x) => x / (1 + Math.exp(-x))],
  ["ThresholdedRelu", (x) => (x > 0.5 ? x : 0), { alpha: float(0.5) }],
  ["Shrink", (x) => (x < -1 ? x + 0.5 : x > 1 ? x - 0.5 : 0), { bias: float(0.5), lambd: float(1) }],
  ["Softplus", softplus],
  ["Softsign", (x) => x / (1 + Math.abs(x))],
  ["Mish", (x) => x * Math.tanh(softplus(x))],
  ["Sigmoid", (x) => 1 / (1 + Math.exp(-x))],
  ["Tanh", Math.tanh],
  ["Exp", (x) => (x > 10 ? Number.NaN : Math.exp(x))],
  ["Log", (x) => Math.log(x)],
  ["Sqrt", Math.sqrt],
  ["Reciprocal", (x) => (Math.abs(x) < 0.1 ? Number.NaN : 1 / x)],
  ["Floor", Math.floor],
  ["Ceil", Math.ceil],
  ["Round", halfEven],
  ["Neg", (x) => -x],
  ["Abs", Math.abs],
  ["Sign", Math.sign],
];

describe("functions of one element", () => {
  for (const [op, f, attributes] of CASES)
    it(op, () => {
      const samples = SAMPLES.map(Math.fround).filter((x) => !Number.isNaN(f(x)));
      expect(samples.length).toBeGreaterThan(8);
      const opset = op === "Swish" ? 24 : 22;
      for (const x of samples) {
        const [got] = runNode(op, [{ dims: [1], values: [x] }], attributes, { opset }).values;
        const want = f(x);
        expect(
          Math.abs(got! - want) <= 1e-6 * Math.abs(want) + 1e-37 || got === want,
          `${op}(${x}) = ${got}, not ${want}`,
        ).toBe(true);
      }
    });

  it("NaN stays NaN", () => {
    for (const [op, , attributes] of CASES) {
      const opset = op === "Swish" ? 24 : 22;
      const got = runNode(op, [{ dims: [1], values: [Number.NaN] }], attributes, { opset }).values;
      // comparisons with NaN are false: Shrink gives the middle, ThresholdedRelu what is not above
      if (op !== "Shrink" && op !== "ThresholdedRelu") expect(got, op).toEqual([Number.NaN]);
    }
    expect(runNode("Log", [{ dims: [4], values: [-1, 0, 3e-45, Number.POSITIVE_INFINITY] }]).values).toEqual([
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      Math.fround(Math.log(Math.fround(3e-45))),
      Number.POSITIVE_INFINITY,
    ]);
  });
});

const t = (type: TypeName, ...values: number[]): TensorFacts => ({ type, dims: [values.length], values });
const N = Number.NaN;

describe("comparisons and choices", () => {
  it("follow numpy", () => {
    const [a, b] = [t("f32", 1, 2, N, -0), t("f32", 1, 1, N, 0)];
    const bool = { type: "bool" } as const;
    const results = ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"].map(
      (op) => runNode(op, [a, b], {}, bool).values,
    );
    expect(results).toEqual([
      [1, 0, 0, 1],
      [0, 0, 0, 0],
      [1, 0, 0, 1],
      [0, 1, 0, 0],
      [1, 1, 0, 1],
    ]);
    expect(runNode("Less", [t("u8", 200), t("u8", 100)], {}, bool).values).toEqual([0]);
    expect(runNode("Max", [a, b], {}).values).toEqual([1, 2, N, 0]);
    expect(runNode("Min", [t("i8", -5, 3), t("i8", 4, -128)], {}, { type: "i8" }).values).toEqual([-5, -128]);
    expect(
      runNode("Clip", [t("f32", -2, 0.5, 2), { dims: [], values: [-1] }, { dims: [], values: [1] }], {}).values,
    ).toEqual([-1, 0.5, 1]);
    expect(runNode("Clip", [t("f32", -2, 2), undefined, { dims: [], values: [1] }], {}).values).toEqual([-2, 1]);
    // as attributes the bounds had defaults
    const infinite = t("f32", Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    expect(runNode("Clip", [infinite], { max: float(1) }, { opset: 6 }).values).toEqual([-3.4028234663852886e38, 1]);
    expect(runNode("ThresholdedRelu", [t("f32", Number.NaN, 2)]).values).toEqual([0, 2]);
    expect(runNode("Where", [t("bool", 1, 0), t("f32", 1, 2), t("f32", 3, 4)]).values).toEqual([1, 4]);
    expect(runNode("IsInf", [t("f32", -1 / 0, 1 / 0, N, 1)], { detect_negative: 0 }, bool).values).toEqual([
      0, 1, 0, 0,
    ]);
  });
  it("Cast truncates, saturates at 32 bits, and keeps low bytes", () => {
    const cast = (x: TensorFacts, to: number, type: TypeName) => runNode("Cast", [x], { to }, { type }).values;
    expect(cast(t("f32", -1.9, 1.9, 3e9), 6, "i32")).toEqual([-1, 1, 2 ** 31 - 1]);
    expect(cast(t("i32", 300, -1), 2, "u8")).toEqual([44, 255]);
    expect(cast(t("f32", 0.5, 0, N), 9, "bool")).toEqual([1, 0, 1]);
    expect(cast(t("i32", 0x7fffffff), 1, "f32")).toEqual([2 ** 31]);
    expect(cast(t("f32", -1.9, 3e9), 7, "i64")).toEqual([-1, 2 ** 31 - 1]);
    expect(() => cast(t("f32", 1), 8, "f32")).toThrow(/string, which is not supported/);
  });
  it("reductions and ArgMax", () => {
    const x = { dims: [2, 3], values: [1, 5, 3, -4, 2, 2] };
    expectNear(runNode("ReduceMean", [x, { ...t("i64", 1) }], { keepdims: 0 }, { bound: [1] }), [2], [3, 0]);
    expectNear(
      runNode("ReduceL2", [x, { ...t("i64", -1) }], {}, { bound: [1] }),
      [2, 1],
      [Math.sqrt(35), Math.sqrt(24)],
    );
    expectNear(runNode("ReduceMax", [x], { keepdims: 0 }), [], [5]);
    expectNear(runNode("ReduceProd", [x], { axes: [0], keepdims: 0 }, { opset: 13 }), [3], [-4, 10, 6]);
    const index = { type: "i64" } as const;
    expect(runNode("ArgMax", [x], { axis: 1, keepdims: 0 }, index).values).toEqual([1, 1]);
    expect(runNode("ArgMax", [x], { axis: 1, select_last_index: 1 }, index).values).toEqual([1, 2]);
    expect(runNode("ArgMin", [t("f32", 3, N, 1, N)], {}, index).values).toEqual([1]);
  });
});
