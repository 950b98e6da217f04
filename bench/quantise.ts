/**
 * The 8-bit form of a convolution net: between operators the integers of QuantizeLinear and DequantizeLinear, weights i8 by
 * tensor, ranges from one run on made-up inputs. Good for measuring speed; nobody has looked at what it answers.
 */
import * as native from "onnxruntime-node";
import { type Graph, type GraphNode, type Initializer, modelFile } from "./protobuf.ts";

/** Operators whose results are between the same bounds as what they read. */
const KEEPS = new Set(["MaxPool", "Flatten"]);
const PRODUCTS = new Set(["Conv", "Gemm"]);

type Scaling = { readonly scale: number; readonly zero: number };

function scalingOf(values: Float32Array): Scaling {
  let [low, high] = [0, 0];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = Math.fround((high - low || 1) / 255);
  return { scale, zero: Math.round(-low / scale) };
}

/** Of every tensor that is computed or given. */
async function scalings(graph: Graph, feeds: ReadonlyMap<string, Float32Array>): Promise<Map<string, Scaling>> {
  const session = await native.InferenceSession.create(
    modelFile({ ...graph, outputs: graph.nodes.flatMap(({ outputs }) => outputs) }),
    { logSeverityLevel: 3 },
  );
  const results = await session.run(
    Object.fromEntries(
      graph.inputs.map(({ name, dims }) => [name, new native.Tensor("float32", feeds.get(name)!, dims)]),
    ),
  );
  const found = new Map([...feeds].map(([name, values]) => [name, scalingOf(values)]));
  for (const [name, { data }] of Object.entries(results)) found.set(name, scalingOf(data as Float32Array));
  for (const { operator, inputs, outputs } of graph.nodes)
    if (KEEPS.has(operator)) found.set(outputs[0]!, found.get(inputs[0]!)!);
  return found;
}

const node = (operator: string, inputs: readonly string[], output: string): GraphNode => ({
  operator,
  inputs,
  outputs: [output],
  attributes: {},
});

class Quantiser {
  readonly nodes: GraphNode[] = [];
  readonly initializers: Initializer[] = [];
  private readonly weights: ReadonlyMap<string, Initializer>;
  private readonly scalings: ReadonlyMap<string, Scaling>;

  constructor(graph: Graph, scalings: ReadonlyMap<string, Scaling>) {
    this.weights = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
    this.scalings = scalings;
  }

  private scaling(name: string, { scale, zero }: Scaling, type: "u8" | "i8" | "i32"): [string, string] {
    const data = { u8: Uint8Array, i8: Int8Array, i32: Int32Array }[type].of(zero);
    this.initializers.push({ name: `${name}.scale`, type: "f32", dims: [], data: Float32Array.of(scale) });
    this.initializers.push({ name: `${name}.zero`, type, dims: [], data });
    return [`${name}.scale`, `${name}.zero`];
  }

  /** Quantises a tensor once, and gives the name that consumers read. */
  between(name: string): string {
    const around = this.scaling(name, this.scalings.get(name)!, "u8");
    this.nodes.push(node("QuantizeLinear", [name, ...around], `${name}.q`));
    this.nodes.push(node("DequantizeLinear", [`${name}.q`, ...around], `${name}.dq`));
    return `${name}.dq`;
  }

  private constant(name: string, owner: string, scale: number, type: "i8" | "i32"): string {
    const { dims, data } = this.weights.get(name)!;
    const values = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
    const own = `${owner}.${name}`;
    const around = this.scaling(own, { scale, zero: 0 }, type);
    const whole = new { i8: Int8Array, i32: Int32Array }[type](values.map((value) => Math.round(value / scale)));
    this.initializers.push({ name: `${own}.q`, type, dims, data: whole });
    this.nodes.push(node("DequantizeLinear", [`${own}.q`, ...around], `${own}.dq`));
    return `${own}.dq`;
  }

  /** The inputs of a product: weights in steps of their largest, the bias in units of both scales. */
  product({ inputs: [x, w, bias], outputs }: GraphNode, read: string): string[] {
    const { data } = this.weights.get(w!)!;
    const values = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
    const scale = Math.fround(values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127);
    const weight = this.constant(w!, outputs[0]!, scale, "i8");
    const units = Math.fround(scale * this.scalings.get(x!)!.scale);
    return bias === undefined ? [read, weight] : [read, weight, this.constant(bias, outputs[0]!, units, "i32")];
  }

  keep(name: string): void {
    this.initializers.push(this.weights.get(name)!);
  }
}

export async function quantised(graph: Graph, feeds: ReadonlyMap<string, Float32Array>): Promise<Graph> {
  const found = await scalings(graph, feeds);
  const quantiser = new Quantiser(graph, found);
  const weights = new Set(graph.initializers.map(({ name }) => name));
  const read = new Map<string, string>();
  const firstProduct = graph.nodes.findIndex(({ operator }) => PRODUCTS.has(operator));
  const lastProduct = graph.nodes.findLastIndex(({ operator }) => PRODUCTS.has(operator));
  graph.nodes.forEach((original, i) => {
    const inputs = original.inputs.map((name) => read.get(name) ?? name);
    if (i === firstProduct) inputs[0] = quantiser.between(original.inputs[0]!);
    const isProduct = PRODUCTS.has(original.operator);
    if (!isProduct) for (const name of original.inputs) if (weights.has(name)) quantiser.keep(name);
    quantiser.nodes.push({ ...original, inputs: isProduct ? quantiser.product(original, inputs[0]!) : inputs });
    // a Relu joins the product before it
    const joins =
      isProduct && graph.nodes[i + 1]?.operator === "Relu" && graph.nodes[i + 1]!.inputs[0] === original.outputs[0];
    if (i >= firstProduct && i < lastProduct && !joins)
      read.set(original.outputs[0]!, quantiser.between(original.outputs[0]!));
  });
  return { ...graph, nodes: quantiser.nodes, initializers: quantiser.initializers };
}
