import { importGraph } from "@opengradient/onnx";
import { encodeKernel } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { at, tabulate } from "./near.ts";
import { type GraphFacts, modelBytes, oneNode, type TensorFacts } from "./onnxFile.ts";
import { numbers, runModel, runNode } from "./run.ts";

const f = (dims: readonly number[], ...values: number[]): TensorFacts => ({ dims, values });
const i8 = (dims: readonly number[], ...values: number[]): TensorFacts => ({ type: "i8", dims, values });
const u8 = (dims: readonly number[], ...values: number[]): TensorFacts => ({ type: "u8", dims, values });
const i32 = (dims: readonly number[], ...values: number[]): TensorFacts => ({ type: "i32", dims, values });

const count = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
const integers = (type: "i8" | "u8", seed: number, dims: readonly number[]): TensorFacts & { type: "i8" | "u8" } => ({
  type,
  dims,
  values: numbers(seed, count(dims)).map((x) => Math.floor((type === "i8" ? 0 : 128) + 127.5 * x)),
});

/** Half to even, as IEEE rounds. */
function halfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}
const RANGE = { i8: [-128, 127], u8: [0, 255] } as const;
const clamp = (x: number, type: "i8" | "u8"): number => Math.min(Math.max(x, RANGE[type][0]), RANGE[type][1]);
const round = Math.fround;

describe("QuantizeLinear", () => {
  it("rounds half to even and saturates; NaN becomes the zero point", () => {
    const x = f([9], 0.5, 1.5, 2.5, -0.5, -1.5, 1e30, Number.NEGATIVE_INFINITY, Number.NaN, 300);
    const run = (zero: TensorFacts) => runNode("QuantizeLinear", [x, f([], 1), zero], {}, { type: zero.type! });
    expect(run(u8([], 128)).values).toEqual([128, 130, 130, 128, 126, 255, 0, 128, 255]);
    expect(run(i8([], -3)).values).toEqual([-3, -1, -1, -3, -5, 127, -128, -3, 127]);
    expect(runNode("QuantizeLinear", [x, f([], 1)], {}, { type: "u8" }).values).toEqual([
      0, 2, 2, 0, 0, 255, 0, 0, 255,
    ]);
    expect(runNode("QuantizeLinear", [x, f([], 1)], { output_dtype: 3 }, { type: "i8" }).values).toEqual([
      0, 2, 2, 0, -2, 127, -128, 0, 127,
    ]);
  });

  it("divides: x/scale rounds once", () => {
    const x = f([200], ...numbers(3, 200).map((v) => 40 * v));
    const scale = round(0.3);
    expect(runNode("QuantizeLinear", [x, f([], scale), i8([], 5)], {}, { type: "i8", bound: [1, 2] }).values).toEqual(
      x.values.map((v) => clamp(halfEven(round(round(v) / scale)) + 5, "i8")),
    );
  });

  it("one scale for each index of an axis, or for each block of one, the last of which may be short", () => {
    const x = f([2, 3], 10, 20, 30, 40, 50, 60);
    const axis = [x, f([3], 1, 2, 5), u8([3], 0, 1, 2)];
    expect(runNode("QuantizeLinear", axis, {}, { type: "u8" }).values).toEqual([10, 11, 8, 40, 26, 14]);
    expect(runNode("QuantizeLinear", [x, f([2], 1, 2), u8([2], 0, 1)], { axis: -2 }, { type: "u8" }).values).toEqual([
      10, 20, 30, 21, 26, 31,
    ]);
    const blocks = [x, f([2, 2], 1, 2, 5, 10), u8([2, 2], 0, 1, 2, 3)];
    expect(runNode("QuantizeLinear", blocks, { axis: 1, block_size: 2 }, { type: "u8" }).values).toEqual([
      10, 20, 16, 10, 12, 9,
    ]);
    expect(() => runNode("QuantizeLinear", blocks, { axis: 1, block_size: 3 }, { type: "u8" })).toThrow(/block/);
    expect(() => runNode("QuantizeLinear", [x, f([2], 1, 2)], {}, { type: "u8" })).toThrow(/does not fit axis 1/);
  });
});

describe("DequantizeLinear", () => {
  it("subtracts the zero point exactly, then scales", () => {
    const x = u8([2, 2], 0, 255, 7, 128);
    expect(runNode("DequantizeLinear", [x, f([], 0.5), u8([], 255)]).values).toEqual([-127.5, 0, -124, -63.5]);
    expect(runNode("DequantizeLinear", [x, f([2], 0.5, 2), u8([2], 1, 2)], { axis: 0 }).values).toEqual([
      -0.5, 127, 10, 252,
    ]);
    const wide = i32([2], 2 ** 24 + 1, -(2 ** 31));
    expect(runNode("DequantizeLinear", [wide, f([], 3)]).values).toEqual([2 ** 24 * 3, -(2 ** 31) * 3]);
  });
});

it("DynamicQuantizeLinear: 0 is exact, least and greatest are inside", () => {
  const values = [0.25, -2, 3.5, 1, 0.75];
  const graph: GraphFacts = {
    inputs: [{ name: "x", dims: [5] }],
    nodes: [{ op: "DynamicQuantizeLinear", inputs: ["x"], outputs: ["y", "scale", "zero"] }],
    outputs: [{ name: "y", type: "u8" }, { name: "scale" }, { name: "zero", type: "u8" }],
  };
  const [y, scale, zero] = runModel(modelBytes(graph), [f([5], ...values)]);
  const s = round(round(3.5 + 2) / 255);
  expect(scale!.values).toEqual([s]);
  expect(zero!.values).toEqual([halfEven(round(2 / s))]);
  expect(y!.values).toEqual(values.map((v) => clamp(halfEven(round(v / s)) + zero!.values[0]!, "u8")));
});

const sumOf = (K: number, term: (k: number) => number): number => {
  let sum = 0;
  for (let k = 0; k < K; k++) sum += term(k);
  return sum;
};

describe("integer products", () => {
  const [M, K, N] = [3, 9, 4];
  const A = integers("u8", 1, [M, K]);
  const B = integers("i8", 2, [K, N]);
  const sum = (m: number, n: number, za: (m: number) => number, zb: (n: number) => number): number =>
    sumOf(K, (k) => (A.values[m * K + k]! - za(m)) * (B.values[k * N + n]! - zb(n)));

  it("MatMulInteger: one zero point, one for each row and column, known or not", () => {
    const rows = [3, 200, 0];
    const columns = [-128, 0, 7, 127];
    for (const bound of [[], [1, 2, 3], [2, 3]])
      for (const zeros of [
        [undefined, undefined],
        [u8([], 120), undefined],
        [u8([1], 120), i8([1], -9)],
        [undefined, i8([], -9)],
        [u8([3], ...rows), i8([4], ...columns)],
      ]) {
        const [za, zb] = zeros.map((zero) => zero?.values ?? [0]);
        const pick = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i]!;
        const given = bound.filter((i) => i < 2 || zeros[i - 2] !== undefined);
        expect(runNode("MatMulInteger", [A, B, ...zeros], {}, { type: "i32", bound: given }).values).toEqual(
          tabulate([M, N], ([m, n]) =>
            sum(
              m!,
              n!,
              (i) => pick(za!, i),
              (i) => pick(zb!, i),
            ),
          ),
        );
      }
    expect(() => runNode("MatMulInteger", [A, B, u8([2], 1, 2)], {}, { type: "i32" })).toThrow(/3 rows/);
  });

  it("QLinearMatMul: one multiplication by (a·b)/y, then rounding and the zero point", () => {
    const [a, y] = [round(0.02), round(0.7)];
    const b = [0.01, 0.03, 0.05, 0.002].map(round);
    const inputs = [A, f([], a), u8([], 113), B, f([4], ...b), i8([4], 0, 0, 0, 0), f([], y), i8([], 4)];
    const expected = tabulate([M, N], ([m, n]) => {
      const factor = round(round(a * b[n!]!) / y);
      return clamp(
        halfEven(
          round(
            round(
              sum(
                m!,
                n!,
                () => 113,
                () => 0,
              ),
            ) * factor,
          ),
        ) + 4,
        "i8",
      );
    });
    expect(runNode("QLinearMatMul", inputs, {}, { type: "i8", bound: [6, 7] }).values).toEqual(expected);
    expect(runNode("QLinearMatMul", inputs, {}, { type: "i8", bound: [1, 2, 3, 4, 5, 6, 7] }).values).toEqual(expected);
  });

  it("com.microsoft: MatMulIntegerToFloat, DynamicQuantizeMatMul", () => {
    const [a, b] = [round(0.02), round(0.03)];
    const bias = [1, -2, 3, -4];
    const options = { domain: "com.microsoft" };
    const inputs = [A, B, f([], a), f([], b), u8([], 9), i8([], 2), f([4], ...bias)];
    expect(runNode("MatMulIntegerToFloat", inputs, {}, options).values).toEqual(
      tabulate([M, N], ([m, n]) =>
        round(
          round(
            round(
              sum(
                m!,
                n!,
                () => 9,
                () => 2,
              ),
            ) * round(a * b),
          ) + bias[n!]!,
        ),
      ),
    );
    const x = f([1, 3], -1, 0.5, 2);
    const s = round(3 / 255);
    const z = halfEven(round(1 / s));
    const q = x.values.map((v) => clamp(halfEven(round(v / s)) + z, "u8") - z);
    const w = i8([3, 2], 10, -20, 30, 40, -50, 60);
    expect(runNode("DynamicQuantizeMatMul", [x, w, f([], b), i8([], 5)], {}, options).values).toEqual(
      [0, 1].map((n) => round(sumOf(3, (k) => q[k]! * (w.values[2 * k + n]! - 5)) * round(s * b))),
    );
  });
});

/** Σ over the window, in plain loops; padding counts as the zero point. */
function convolved(x: TensorFacts, w: TensorFacts, zeros: { x: number; w: (m: number) => number }): number[] {
  const [N, C, H, W] = x.dims as [number, number, number, number];
  const [M, , R, S] = w.dims as [number, number, number, number];
  return tabulate([N, M, H, W], ([n, m, i, j]) =>
    tabulate([C, R, S], ([c, r, s]) => {
      const pixel = at(x.dims, x.values, [n!, c!, i! + r! - 1, j! + s! - 1], zeros.x) - zeros.x;
      return pixel * (at(w.dims, w.values, [m!, c!, r!, s!]) - zeros.w(m!));
    }).reduce((a, b) => a + b, 0),
  );
}

describe("integer convolutions", () => {
  const X = integers("u8", 5, [1, 2, 4, 5]);
  const attributes = { pads: [1, 1, 1, 1] };

  it("ConvInteger", () => {
    const w = integers("u8", 6, [3, 2, 3, 3]);
    for (const bound of [[], [1, 2, 3], [3]]) {
      const zeros = [u8([], 100), u8([3], 128, 0, 255)];
      expect(runNode("ConvInteger", [X, w, ...zeros], attributes, { type: "i32", bound }).values).toEqual(
        convolved(X, w, { x: 100, w: (m) => zeros[1]!.values[m]! }),
      );
    }
  });

  it("QLinearConv: a scale for each channel, an integer bias", () => {
    const w = integers("i8", 7, [3, 2, 3, 3]);
    const [x, y] = [round(0.01), round(0.4)];
    const scales = [0.02, 0.005, 0.07].map(round);
    const bias = [1000, -2000, 50];
    const inputs = [
      ...[X, f([], x), u8([], 127), w, f([3], ...scales), i8([3], 0, 0, 0)],
      ...[f([], y), u8([], 10), i32([3], ...bias)],
    ];
    const sums = convolved(X, w, { x: 127, w: () => 0 });
    expect(runNode("QLinearConv", inputs, attributes, { type: "u8", bound: [3, 4, 5, 6, 7, 8] }).values).toEqual(
      sums.map((sum, e) => {
        const m = Math.floor(e / 20);
        return clamp(halfEven(round((sum + bias[m]!) * round(round(x * scales[m]!) / y))) + 10, "u8");
      }),
    );
  });
  it("QLinearConv: a zero point below 0 stands in the padding, as a word that a Program can hold", () => {
    const inputs = [
      ...[i8([1, 1, 3], 5, -2, 7), f([], 1), i8([], -3), i8([1, 1, 3], 1, 2, 4), f([], 1), i8([], 0)],
      ...[f([], 1), i8([], 0)],
    ];
    const options = { type: "i8" as const, bound: [1, 2, 3, 4, 5, 6, 7] };
    const file = oneNode("QLinearConv", inputs, { pads: [1, 1] }, options);
    for (const kernel of importGraph(file).program.kernels) expect(() => encodeKernel(kernel)).not.toThrow();
    expect(runModel(file, [inputs[0]!])[0]!.values).toEqual([20, 50, 21]);
  });
});

describe("operators between DequantizeLinear and QuantizeLinear work on the integers", () => {
  const [sx, sw, sy] = [round(0.013), [0.02, 0.005, 0.07].map(round), round(0.4)];
  const X = integers("u8", 8, [1, 2, 4, 5]);
  const W = integers("i8", 9, [3, 2, 3, 3]);
  const bias = [300, -200, 50];
  const units = sw.map((s) => round(sx * s));
  const scalars: GraphFacts["weights"] = [
    { name: "sx", ...f([], sx) },
    { name: "zx", ...u8([], 131) },
    { name: "sw", ...f([3], ...sw) },
    { name: "zw", ...i8([3], 0, 0, 0) },
    { name: "sy", ...f([], sy) },
    { name: "zy", ...u8([], 7) },
    { name: "sb", ...f([3], ...units) },
  ];
  const dq = (x: string, s: string, z: string, axis = 0) => ({
    op: "DequantizeLinear",
    inputs: [x, s, z],
    outputs: [`${x}.real`],
    attributes: { axis },
  });
  const q = (x: string, s: string, z: string) => ({ op: "QuantizeLinear", inputs: [x, s, z], outputs: ["y"] });

  it("Conv with a bias in units of the product: the sum is exact, one product and one quotient round", () => {
    const graph: GraphFacts = {
      inputs: [{ name: "x", type: "u8", dims: X.dims as number[] }],
      weights: [...scalars, { name: "w", ...W }, { name: "b", ...i32([3], ...bias) }],
      nodes: [
        dq("x", "sx", "zx"),
        dq("w", "sw", "zw"),
        dq("b", "sb", ""),
        { op: "Conv", inputs: ["x.real", "w.real", "b.real"], outputs: ["c"], attributes: { pads: [1, 1, 1, 1] } },
        { op: "Relu", inputs: ["c"], outputs: ["r"] },
        q("r", "sy", "zy"),
      ],
      outputs: [{ name: "y", type: "u8" }],
    };
    const sums = convolved(X, W, { x: 131, w: () => 0 });
    expect(runModel(modelBytes(graph), [X])[0]!.values).toEqual(
      sums.map((sum, e) => {
        const m = Math.floor(e / 20);
        const real = Math.max(round((sum + bias[m]!) * units[m]!), 0);
        return clamp(halfEven(round(real / sy)) + 7, "u8");
      }),
    );
  });

  it("MatMul through Reshape, Transpose and MaxPool, which move integers", () => {
    const B = integers("i8", 10, [20, 3]);
    const graph: GraphFacts = {
      inputs: [{ name: "x", type: "u8", dims: X.dims as number[] }],
      weights: [...scalars, { name: "w", ...B }, { name: "shape", type: "i64", dims: [2], values: [2, -1] }],
      nodes: [
        dq("x", "sx", "zx"),
        dq("w", "sw", "zw", 1),
        {
          ...{ op: "MaxPool", inputs: ["x.real"], outputs: ["p"] },
          attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
        },
        { op: "Transpose", inputs: ["p"], outputs: ["t"], attributes: { perm: [1, 0, 3, 2] } },
        { op: "Reshape", inputs: ["t", "shape"], outputs: ["flat"] },
        { op: "MatMul", inputs: ["flat", "w.real"], outputs: ["c"] },
        q("c", "sy", "zy"),
      ],
      outputs: [{ name: "y", type: "u8" }],
    };
    const pooled = tabulate([2, 5, 4], ([c, j, i]) =>
      Math.max(...tabulate([3, 3], ([r, s]) => at(X.dims, X.values, [0, c!, i! + r! - 1, j! + s! - 1]))),
    );
    expect(runModel(modelBytes(graph), [X])[0]!.values).toEqual(
      tabulate([2, 3], ([m, n]) => {
        const sum = sumOf(20, (k) => (pooled[20 * m! + k]! - 131) * B.values[3 * k + n!]!);
        return clamp(halfEven(round(round(sum * units[n!]!) / sy)) + 7, "u8");
      }),
    );
  });

  it("what was dequantised and is quantised alike is given back", () => {
    const graph: GraphFacts = {
      inputs: [{ name: "x", type: "u8", dims: X.dims as number[] }],
      weights: scalars,
      nodes: [dq("x", "sx", "zx"), q("x.real", "sx", "zx")],
      outputs: [{ name: "y", type: "u8" }],
    };
    expect(runModel(modelBytes(graph), [X])[0]!.values).toEqual(X.values);
  });
});

it("com.microsoft: QLinearAdd, QLinearMul, QLinearLeakyRelu", () => {
  const [A, B] = [integers("u8", 11, [2, 3, 4]), integers("u8", 12, [2, 3, 4])];
  const [a, b, y] = [0.03, 0.05, 0.1].map(round) as [number, number, number];
  const inputs = [A, f([], a), u8([], 100), B, f([], b), u8([], 50), f([], y), u8([], 20)];
  const options = { domain: "com.microsoft", type: "u8", bound: [1, 2, 4, 5, 6, 7] } as const;
  const real = (i: number): [number, number] => [round((A.values[i]! - 100) * a), round((B.values[i]! - 50) * b)];
  const back = (x: number): number => clamp(halfEven(round(x / y)) + 20, "u8");
  expect(runNode("QLinearAdd", inputs, {}, options).values).toEqual(
    A.values.map((_, i) => back(round(real(i)[0] + real(i)[1]))),
  );
  expect(runNode("QLinearMul", inputs, {}, options).values).toEqual(
    A.values.map((_, i) => back(round(real(i)[0] * real(i)[1]))),
  );
  expect(
    runNode(
      "QLinearLeakyRelu",
      [...inputs.slice(0, 3), ...inputs.slice(6)],
      { alpha: { float: 0.5 } },
      { ...options, bound: [1, 2, 3, 4] },
    ).values,
  ).toEqual(A.values.map((_, i) => back(real(i)[0] < 0 ? round(0.5 * real(i)[0]) : real(i)[0])));
});
