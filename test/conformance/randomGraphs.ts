/** Random small ONNX graphs, the same for the same seed. */
import type { AttributeValue, ModelFacts, NodeFacts, TensorFacts } from "../../packages/onnx/test/onnxFile.ts";
import { numbers, random } from "../../packages/onnx/test/run.ts";

type Known = { readonly name: string; readonly dims: readonly number[] };

const size = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** A growing graph; every `add…` appends nodes and returns what they give. */
class Graph {
  readonly nodes: NodeFacts[] = [];
  readonly weights: (TensorFacts & { name: string })[] = [];
  readonly values: Known[] = [];
  private draws = 0;
  readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** A whole number below n. */
  below(n: number): number {
    const [x] = numbers(this.seed * 7919 + this.draws++, 1);
    return Math.min(n - 1, Math.floor(((x! + 1) / 2) * n));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  weight(dims: readonly number[], change: (x: number) => number = (x) => x): string {
    const name = `w${this.weights.length}`;
    const { values } = random(this.seed * 31 + this.weights.length, dims);
    this.weights.push({ name, dims, values: values.map(change) });
    return name;
  }

  shape(dims: readonly number[]): string {
    const name = `w${this.weights.length}`;
    this.weights.push({ name, type: "i64", dims: [dims.length], values: dims });
    return name;
  }

  add(
    op: string,
    inputs: readonly string[],
    dims: readonly number[],
    attributes: Record<string, AttributeValue> = {},
  ): Known {
    const value = { name: `v${this.nodes.length}`, dims };
    this.nodes.push({ op, inputs, outputs: [value.name], attributes });
    this.values.push(value);
    return value;
  }
}

type Step = (g: Graph, x: Known) => Known | undefined;

const unary: Step = (g, x) =>
  g.add(g.pick(["Relu", "Sigmoid", "Tanh", "Identity", "LeakyRelu", "Abs"]), [x.name], x.dims);

const transpose: Step = (g, x) => {
  const perm = x.dims.map((_, i) => i);
  for (let i = perm.length - 1; i > 0; i--) {
    const j = g.below(i + 1);
    [perm[i], perm[j]] = [perm[j]!, perm[i]!];
  }
  return g.add(
    "Transpose",
    [x.name],
    perm.map((p) => x.dims[p]!),
    { perm },
  );
};

const reshape: Step = (g, x) => {
  const at = g.below(x.dims.length);
  const d = x.dims[at]!;
  const splits = d % 2 === 0 && x.dims.length < 5;
  if (!splits && at + 1 >= x.dims.length) return undefined;
  const dims = splits
    ? [
        ...x.dims.slice(0, at),
        ...g.pick([
          [2, d / 2],
          [d / 2, 2],
        ]),
        ...x.dims.slice(at + 1),
      ]
    : [...x.dims.slice(0, at), d * x.dims[at + 1]!, ...x.dims.slice(at + 2)];
  return g.add("Reshape", [x.name, g.shape(dims)], dims);
};

const binary: Step = (g, x) => {
  const others = g.values.filter((v) => String(v.dims) === String(x.dims));
  const bias = x.dims.map((d) => (g.below(2) ? d : 1));
  return g.add(g.pick(["Add", "Mul", "Sub"]), [x.name, g.below(2) ? g.pick(others).name : g.weight(bias)], x.dims);
};

const conv: Step = (g, x) => {
  if (x.dims.length !== 4 || size(x.dims) > 2000) return undefined;
  const [n, c, h, w] = x.dims as [number, number, number, number];
  const group = g.pick([1, 1, c % 2 === 0 ? 2 : 1, c]);
  const m = group * (1 + g.below(4));
  const [kh, kw] = [1 + g.below(Math.min(3, h)), 1 + g.below(Math.min(3, w))];
  const pads = [g.below(kh), g.below(kw), g.below(kh), g.below(kw)];
  const strides = [1 + g.below(2), 1 + g.below(2)];
  const out = [h, w].map((d, i) => Math.floor((d + pads[i]! + pads[i + 2]! - [kh, kw][i]!) / strides[i]!) + 1);
  const inputs = [x.name, g.weight([m, c / group, kh, kw])];
  if (g.below(2)) inputs.push(g.weight([m]));
  return g.add("Conv", inputs, [n, m, ...out], { group, pads, strides });
};

const pool: Step = (g, x) => {
  if (x.dims.length !== 4 || x.dims[2]! < 2 || x.dims[3]! < 2) return undefined;
  const pads = [g.below(2), g.below(2), g.below(2), g.below(2)];
  const out = [x.dims[2]!, x.dims[3]!].map((d, i) => Math.floor((d + pads[i]! + pads[i + 2]! - 2) / 2) + 1);
  return g.add(g.pick(["MaxPool", "AveragePool"]), [x.name], [x.dims[0]!, x.dims[1]!, ...out], {
    kernel_shape: [2, 2],
    strides: [2, 2],
    pads,
  });
};

const globalPool: Step = (g, x) =>
  x.dims.length < 3
    ? undefined
    : g.add("GlobalAveragePool", [x.name], [...x.dims.slice(0, 2), ...x.dims.slice(2).map(() => 1)]);

const product: Step = (g, x) => {
  const n = 1 + g.below(5);
  return g.add("MatMul", [x.name, g.weight([x.dims.at(-1)!, n])], [...x.dims.slice(0, -1), n]);
};

const gemm: Step = (g, x) => {
  if (size(x.dims) > 1500) return undefined;
  const axis = 1 + g.below(x.dims.length - 1);
  const [rows, columns] = [size(x.dims.slice(0, axis)), size(x.dims.slice(axis))];
  const flat = g.add("Flatten", [x.name], [rows, columns], { axis });
  const n = 2 + g.below(4);
  const transB = g.below(2);
  return g.add("Gemm", [flat.name, g.weight(transB ? [n, columns] : [columns, n]), g.weight([n])], [rows, n], {
    transB,
  });
};

const concat: Step = (g, x) => {
  if (size(x.dims) > 600) return undefined;
  const axis = g.below(x.dims.length);
  const others = g.values.filter(
    (v) => v.dims.length === x.dims.length && v.dims.every((d, i) => i === axis || d === x.dims[i]),
  );
  const other = g.pick(others);
  return g.add("Concat", [x.name, other.name], x.dims.with(axis, x.dims[axis]! + other.dims[axis]!), { axis });
};

const softmax: Step = (g, x) => g.add("Softmax", [x.name], x.dims, { axis: g.below(x.dims.length) });

const batchNormalization: Step = (g, x) => {
  const c = [x.dims[1]!];
  const parameters = [g.weight(c), g.weight(c), g.weight(c), g.weight(c, (v) => Math.abs(v) + 0.5)];
  return g.add("BatchNormalization", [x.name, ...parameters], x.dims);
};

const slice: Step = (g, x) => {
  const axis = g.below(x.dims.length);
  const d = x.dims[axis]!;
  const step = g.pick([1, 1, 2, -1, -2]);
  const start = step > 0 ? g.below(d) : d - 1 - g.below(d);
  const end = step > 0 ? d : -1_000;
  const count = step > 0 ? Math.ceil((d - start) / step) : Math.ceil((start + 1) / -step);
  const inputs = [x.name, g.shape([start]), g.shape([end]), g.shape([axis]), g.shape([step])];
  return g.add("Slice", inputs, x.dims.with(axis, count));
};

const pad: Step = (g, x) => {
  if (size(x.dims) > 1500) return undefined;
  const pads = [...x.dims, ...x.dims].map((d) => (g.below(3) ? 0 : g.pick([1, 2, d > 3 ? -1 : 1])));
  const dims = x.dims.map((d, i) => d + pads[i]! + pads[x.dims.length + i]!);
  return g.add("Pad", [x.name, g.shape(pads)], dims);
};

const expand: Step = (g, x) => {
  if (size(x.dims) > 500 || x.dims.length > 4) return undefined;
  const dims = [2, ...x.dims.map((d) => (d === 1 ? 1 + g.below(3) : d))];
  return g.add("Expand", [x.name, g.shape(dims)], dims);
};

const gather: Step = (g, x) => {
  const axis = g.below(x.dims.length);
  const d = x.dims[axis]!;
  const indices = Array.from({ length: 1 + g.below(4) }, () => g.below(2 * d) - d);
  return g.add("Gather", [x.name, g.shape(indices)], x.dims.with(axis, indices.length), { axis });
};

const reduction: Step = (g, x) => {
  const axes = x.dims.flatMap((_, i) => (g.below(2) ? [i] : []));
  if (axes.length === 0 || axes.length > 4) return undefined;
  const keepdims = x.dims.length - axes.length < 2 ? 1 : g.below(2);
  const dims = keepdims ? x.dims.map((d, i) => (axes.includes(i) ? 1 : d)) : x.dims.filter((_, i) => !axes.includes(i));
  return g.add(g.pick(["ReduceMean", "ReduceMax", "ReduceL1"]), [x.name, g.shape(axes)], dims, { keepdims });
};

const tile: Step = (g, x) => {
  if (size(x.dims) > 300) return undefined;
  const repeats = x.dims.map(() => 1 + (g.below(3) === 0 ? 1 : 0));
  return g.add(
    "Tile",
    [x.name, g.shape(repeats)],
    x.dims.map((d, i) => d * repeats[i]!),
  );
};

/** Any value as [steps, batch, inputs]. */
const recurrent: Step = (g, x) => {
  if (size(x.dims) > 400) return undefined;
  const [T, I] = [x.dims[0]!, x.dims.at(-1)!];
  const B = size(x.dims.slice(1, -1));
  const rows = g.add("Reshape", [x.name, g.shape([T, B, I])], [T, B, I]);
  const [op, gates] = g.pick([
    ["RNN", 1],
    ["GRU", 3],
    ["LSTM", 4],
  ] as const);
  const direction = g.pick(["forward", "reverse", "bidirectional"]);
  const [D, H] = [direction === "bidirectional" ? 2 : 1, 1 + g.below(4)];
  const bias = g.below(2) ? g.weight([D, 2 * gates * H]) : "";
  const state = g.below(2) ? g.weight([D, B, H]) : "";
  const inputs = [rows.name, g.weight([D, gates * H, I]), g.weight([D, gates * H, H]), bias, "", state];
  return g.add(op, inputs, [T, D, B, H], { direction, hidden_size: H });
};

const attention: Step = (g, x) =>
  x.dims.length === 4 && size(x.dims) < 300
    ? g.add("Attention", [x.name, x.name, x.name], x.dims, { is_causal: g.below(2) })
    : undefined;

const layerNormalization: Step = (g, x) =>
  g.add("LayerNormalization", [x.name, g.weight([x.dims.at(-1)!])], x.dims, { epsilon: { float: 0.01 } });

const STEPS: readonly Step[] = [
  recurrent,
  recurrent,
  attention,
  layerNormalization,
  reduction,
  reduction,
  tile,
  slice,
  slice,
  pad,
  expand,
  gather,
  reshape,
  unary,
  unary,
  transpose,
  transpose,
  reshape,
  reshape,
  binary,
  binary,
  conv,
  conv,
  conv,
  pool,
  pool,
  globalPool,
  product,
  gemm,
  concat,
  softmax,
  batchNormalization,
];

/** A graph of up to `steps` operators on one input; its outputs are its last value and one on the way. */
export function randomGraph(seed: number, steps: number): ModelFacts & { readonly input: TensorFacts } {
  const g = new Graph(seed);
  const dims = [1 + g.below(2), 1 + g.below(4), 3 + g.below(5), 3 + g.below(5)];
  let x: Known = { name: "x", dims };
  g.values.push(x);
  for (let i = 0; i < steps; i++) {
    const from = g.below(5) === 0 ? g.pick(g.values) : x;
    if (from.dims.length < 2) continue;
    x = g.pick(STEPS)(g, from) ?? x;
  }
  const middle = g.pick(g.values);
  const outputs = [...new Set([x.name, middle.name])].map((name) => ({ name }));
  return {
    opset: 23,
    inputs: [{ name: "x", dims }],
    nodes: g.nodes,
    weights: g.weights,
    outputs,
    input: random(seed, dims),
  };
}
