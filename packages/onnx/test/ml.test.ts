import { importGraph } from "@opengradient/onnx";
import { describe, expect, it } from "vitest";
import { expectNear } from "./near.ts";
import { type AttributeValue, modelBytes, type PortFacts, type TensorFacts } from "./onnxFile.ts";
import { numbers, type Result, runModel } from "./run.ts";

type Attributes = Readonly<Record<string, AttributeValue>>;
type Call = { x: TensorFacts; attributes?: Attributes; outputs?: readonly PortFacts[] };

/** A model of one node of ai.onnx.ml. */
const modelOf = (op: string, { x, attributes = {}, outputs = [{ name: "y" }] }: Call): Uint8Array =>
  modelBytes({
    domains: ["ai.onnx.ml"],
    inputs: [{ name: "x", type: x.type ?? "f32", dims: x.dims }],
    nodes: [{ op, domain: "ai.onnx.ml", inputs: ["x"], outputs: outputs.map(({ name }) => name), attributes }],
    outputs,
  });
const run = (op: string, call: Call): Result[] => runModel(modelOf(op, call), [call.x]);
const CLASSIFIER = [{ name: "label", type: "i64" }, { name: "scores" }] as const;

const f = (dims: readonly number[], ...values: number[]): TensorFacts => ({ dims, values });
const table = (seed: number, rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, (_, i) => numbers(seed + i, columns));
const flat = (rows: readonly (readonly number[])[]): TensorFacts => ({
  dims: [rows.length, rows[0]!.length],
  values: rows.flat(),
});
const floats = (values: readonly number[]): AttributeValue => ({ floats: values });
const argmax = (row: readonly number[]): number => row.indexOf(Math.max(...row));
const round = Math.fround;

describe("features", () => {
  const x = flat([
    [1, -2, 3],
    [4, Number.NaN, -6],
  ]);
  it("Scaler, Imputer, Binarizer: one parameter, or one for each feature", () => {
    expect(
      run("Scaler", { x: f([1, 2], 3, 5), attributes: { offset: floats([1, 2]), scale: floats([2]) } })[0],
    ).toEqual({ dims: [1, 2], values: [4, 6] });
    const ints: TensorFacts = { type: "i64", dims: [2], values: [3, 5] };
    expect(
      run("Scaler", { x: ints, attributes: { offset: floats([1, 2]), scale: floats([2, 10]) } })[0]!.values,
    ).toEqual([4, 30]);
    const imputed = { imputed_value_floats: floats([7, 8, 9]) };
    const missing = { replaced_value_float: { float: Number.NaN }, ...imputed };
    expect(run("Imputer", { x, attributes: missing })[0]!.values).toEqual([1, -2, 3, 4, 8, -6]);
    const three = { replaced_value_float: { float: 3 }, ...imputed };
    expect(run("Imputer", { x, attributes: three })[0]!.values).toEqual([1, -2, 9, 4, Number.NaN, -6]);
    const whole: Call = {
      x: { type: "i64", dims: [2, 2], values: [7, 1, 2, 7] },
      attributes: { imputed_value_int64s: [-3, -4], replaced_value_int64: 7 },
      outputs: [{ name: "y", type: "i64" }],
    };
    expect(run("Imputer", whole)[0]!.values).toEqual([-3, 1, 2, -4]);
    expect(run("Binarizer", { x, attributes: { threshold: { float: 1 } } })[0]!.values).toEqual([0, 0, 1, 1, 0, 0]);
  });

  it("Normalizer: MAX, L1, L2; rows of zeros stay", () => {
    const rows = flat([
      [1, -2, 4],
      [0, 0, 0],
    ]);
    const norm = (name: string): readonly number[] =>
      run("Normalizer", { x: rows, attributes: { norm: name } })[0]!.values;
    expect(norm("MAX")).toEqual([0.25, -0.5, 1, 0, 0, 0]);
    expect(norm("L1")).toEqual([round(1 / 7), round(-2 / 7), round(4 / 7), 0, 0, 0]);
    const size = round(Math.sqrt(21));
    expect(norm("L2")).toEqual([round(1 / size), round(-2 / size), round(4 / size), 0, 0, 0]);
  });

  it("OneHotEncoder and LabelEncoder of numbers; strings become their places, with a note", () => {
    const ints: TensorFacts = { type: "i64", dims: [2, 2], values: [4, 7, 9, 4] };
    expect(run("OneHotEncoder", { x: ints, attributes: { cats_int64s: [9, 4], zeros: 1 } })[0]).toEqual({
      dims: [2, 2, 2],
      values: [0, 1, 0, 0, 1, 0, 0, 1],
    });
    const toFloat = { keys_int64s: [4, 9], values_floats: floats([0.5, -1]), default_float: { float: 3 } };
    expect(run("LabelEncoder", { x: ints, attributes: toFloat })[0]!.values).toEqual([0.5, 3, -1, 0.5]);
    const keys = { keys_floats: floats([Number.NaN, 2]), values_int64s: [5, 6], default_int64: -7 };
    const outputs = [{ name: "y", type: "i64" }] as const;
    expect(run("LabelEncoder", { x: f([3], 2, Number.NaN, 3), attributes: keys, outputs })[0]!.values).toEqual([
      6, 5, -7,
    ]);
    const words = { keys_int64s: [4, 9], values_strings: { texts: ["four", "nine"] }, default_string: "?" };
    expect(run("LabelEncoder", { x: ints, attributes: words })[0]!.values).toEqual([0, 2, 1, 0]);
    const { notes, outputs: ports } = importGraph(modelOf("LabelEncoder", { x: ints, attributes: words }));
    expect(notes.join()).toContain('stand for "four", "nine", "?"');
    expect(ports[0]!.names).toEqual(["four", "nine", "?"]);
    const tensors = {
      keys_tensor: { type: "i64", dims: [2], values: [5, 3] },
      values_tensor: f([2], 0.25, 8),
      default_tensor: f([1], 42),
    } as const;
    const four: TensorFacts = { type: "i64", dims: [4], values: [3, 5, 4, 3] };
    expect(run("LabelEncoder", { x: four, attributes: tensors })[0]!.values).toEqual([8, 0.25, 42, 8]);
    expect(() => run("LabelEncoder", { x: ints, attributes: { keys_strings: { texts: ["a"] } } })).toThrow(/strings/);
  });

  it("ArrayFeatureExtractor, FeatureVectorizer", () => {
    const bytes = modelBytes({
      domains: ["ai.onnx.ml"],
      inputs: [{ name: "x", dims: [2, 3] }],
      weights: [{ name: "at", type: "i64", dims: [2], values: [2, 0] }],
      nodes: [
        { op: "ArrayFeatureExtractor", domain: "ai.onnx.ml", inputs: ["x", "at"], outputs: ["z"] },
        {
          ...{ op: "FeatureVectorizer", domain: "ai.onnx.ml", inputs: ["z", "x"], outputs: ["y"] },
          attributes: { inputdimensions: [2, 3] },
        },
      ],
      outputs: [{ name: "y" }],
    });
    expect(runModel(bytes, [f([2, 3], 1, 2, 3, 4, 5, 6)])[0]).toEqual({
      dims: [2, 5],
      values: [3, 1, 1, 2, 3, 6, 4, 4, 5, 6],
    });
  });

  it("strings are numbers that nothing may compute with; ZipMap names columns", () => {
    const graph = (op: string) =>
      modelBytes({
        domains: ["ai.onnx.ml"],
        inputs: [{ name: "i", type: "i64", dims: [2] }],
        weights: [],
        nodes: [
          {
            ...{ op: "LabelEncoder", domain: "ai.onnx.ml", inputs: ["i"], outputs: ["s"] },
            attributes: { keys_int64s: [1], values_strings: { texts: ["a"] } },
          },
          { op, inputs: ["s"], outputs: ["y"], ...(op === "Cast" && { attributes: { to: 1 } }) },
        ],
        outputs: [{ name: "y" }],
      });
    expect(importGraph(graph("Identity")).outputs[0]!.names).toEqual(["a", "_Unused"]);
    expect(() => importGraph(graph("Cast"))).toThrow(/Cast .*element type string/);
    const zip = { classlabels_strings: { texts: ["no", "yes"] } };
    expect(importGraph(modelOf("ZipMap", { x: f([2, 2], 1, 2, 3, 4), attributes: zip })).notes.join()).toContain(
      'a column for each of "no", "yes"',
    );
    expect(() => run("ZipMap", { x: f([2, 3], 1, 2, 3, 4, 5, 6), attributes: zip })).toThrow(/2 names/);
  });
});

/** What post_transform makes of a row. */
function transformOf(name: string, row: readonly number[]): number[] {
  const e = row.map((v) => Math.exp(v));
  const kept = row.map((v, i) => (name === "SOFTMAX_ZERO" && v === 0 ? 0 : e[i]!));
  const sum = kept.reduce((a, b) => a + b, 0);
  if (name === "LOGISTIC") return row.map((v) => 1 / (1 + Math.exp(-v)));
  return name.startsWith("SOFTMAX") ? kept.map((v) => v / sum) : [...row];
}

describe("linear models", () => {
  const X = table(1, 4, 5);
  const W = table(20, 3, 5);
  const b = [0.25, -0.5, 0.125];
  const scores = X.map((x) => W.map((w, t) => x.reduce((sum, v, c) => sum + v * w[c]!, b[t]!)));
  const coefficients = { coefficients: floats(W.flat()), intercepts: floats(b) };

  it("LinearRegressor, and LinearClassifier with every transform", () => {
    const [y] = run("LinearRegressor", { x: flat(X), attributes: { ...coefficients, targets: 3 } });
    expectNear(y!, [4, 3], scores.flat());
    for (const post_transform of ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"]) {
      const attributes = { ...coefficients, classlabels_ints: [5, -7, 9], post_transform };
      const [label, values] = run("LinearClassifier", { x: flat(X), attributes, outputs: CLASSIFIER });
      expect(label!.values).toEqual(scores.map((row) => [5, -7, 9][argmax(row)]));
      expectNear(
        values!,
        [4, 3],
        scores.flatMap((row) => transformOf(post_transform, row)),
      );
    }
  });

  it("two labels for one row of coefficients: columns of both classes", () => {
    const attributes = {
      ...{ coefficients: floats(W[0]!), intercepts: floats([0.25]) },
      ...{ classlabels_ints: [3, 4], post_transform: "LOGISTIC" },
    };
    const [label, values] = run("LinearClassifier", { x: flat(X), attributes, outputs: CLASSIFIER });
    const margins = scores.map((row) => row[0]!);
    expect(label!.values).toEqual(margins.map((s) => (s > 0 ? 4 : 3)));
    expectNear(
      values!,
      [4, 2],
      margins.flatMap((s) => [1 / (1 + Math.exp(s)), 1 / (1 + Math.exp(-s))]),
    );
  });
});

describe("support vectors", () => {
  const X = table(1, 3, 4);
  const S = table(30, 7, 4);
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  const kernels: Record<string, (x: readonly number[], s: readonly number[]) => number> = {
    LINEAR: dot,
    POLY: (x, s) => (0.5 * dot(x, s) + 1) ** 3,
    RBF: (x, s) => Math.exp(-0.5 * x.reduce((sum, v, i) => sum + (v - s[i]!) ** 2, 0)),
    SIGMOID: (x, s) => Math.tanh(0.5 * dot(x, s) + 1),
  };
  const shared = { kernel_params: floats([0.5, 1, 3]), support_vectors: floats(S.flat()) };

  it("SVMRegressor with every kernel", () => {
    const weights = numbers(50, 7);
    for (const [kernel_type, k] of Object.entries(kernels)) {
      const attributes = { ...shared, kernel_type, n_supports: 7, coefficients: floats(weights), rho: floats([0.3]) };
      const expected = X.map((x) => S.reduce((sum, s, i) => sum + weights[i]! * k(x, s), 0.3));
      expectNear(run("SVMRegressor", { x: flat(X), attributes })[0]!, [3, 1], expected);
      const oneClass = { ...attributes, one_class: 1 };
      expect(run("SVMRegressor", { x: flat(X), attributes: oneClass })[0]!.values).toEqual(
        expected.map((v) => (v > 0 ? 1 : -1)),
      );
    }
  });

  it("SVMClassifier: every pair votes", () => {
    const perClass = [3, 2, 2];
    const [first, second] = [numbers(60, 7), numbers(61, 7)];
    const rho = [0.1, -0.2, 0.05];
    const classOf = [0, 0, 0, 1, 1, 2, 2];
    const pairs = [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const;
    const decisions = X.map((x) =>
      pairs.map(([i, j], p) =>
        S.reduce((sum, s, n) => {
          if (classOf[n] !== i && classOf[n] !== j) return sum;
          // a class's coefficients against the others, its own left out
          const other = classOf[n] === i ? j - 1 : i;
          return sum + [first, second][other]![n]! * kernels["RBF"]!(x, s);
        }, rho[p]!),
      ),
    );
    const attributes = {
      ...{ ...shared, kernel_type: "RBF", vectors_per_class: perClass, rho: floats(rho) },
      ...{ coefficients: floats([...first, ...second]), classlabels_ints: [10, 20, 30] },
    };
    const [label, scores] = run("SVMClassifier", { x: flat(X), attributes, outputs: CLASSIFIER });
    expectNear(scores!, [3, 3], decisions.flat());
    const votes = decisions.map((row) => {
      const counts = [0, 0, 0];
      for (const [p, [i, j]] of pairs.entries()) counts[row[p]! > 0 ? i : j]!++;
      return [10, 20, 30][argmax(counts)];
    });
    expect(label!.values).toEqual(votes);
    const odds = { ...attributes, prob_a: floats([1, 1, 1]), prob_b: floats([0, 0, 0]) };
    expect(() => run("SVMClassifier", { x: flat(X), attributes: odds, outputs: CLASSIFIER })).toThrow(/iteration/);
  });

  it("two classes: margins of both signs, or the sigmoid of the margin", () => {
    const weights = numbers(70, 7);
    const attributes = {
      ...{ ...shared, kernel_type: "LINEAR", vectors_per_class: [4, 3], rho: floats([0.2]) },
      ...{ coefficients: floats(weights), classlabels_ints: [0, 1] },
    };
    const margins = X.map((x) => S.reduce((sum, s, n) => sum + weights[n]! * dot(x, s), 0.2));
    const [label, scores] = run("SVMClassifier", { x: flat(X), attributes, outputs: CLASSIFIER });
    expect(label!.values).toEqual(margins.map((m) => (m > 0 ? 0 : 1)));
    expectNear(
      scores!,
      [3, 2],
      margins.flatMap((m) => [-m, m]),
    );
    const logistic = { ...attributes, post_transform: "LOGISTIC" };
    expectNear(
      run("SVMClassifier", { x: flat(X), attributes: logistic, outputs: CLASSIFIER })[1]!,
      [3, 2],
      margins.flatMap((m) => [1 / (1 + Math.exp(m)), 1 / (1 + Math.exp(-m))]),
    );
    const odds = { ...attributes, prob_a: floats([-2]), prob_b: floats([0.1]) };
    const p = margins.map((m) => 1 / (1 + Math.exp(-2 * m + 0.1)));
    expectNear(
      run("SVMClassifier", { x: flat(X), attributes: odds, outputs: CLASSIFIER })[1]!,
      [3, 2],
      p.flatMap((v) => [v, 1 - v]),
    );
  });
});
