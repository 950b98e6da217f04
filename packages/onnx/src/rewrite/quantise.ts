/**
 * The 8-bit form of a model: QuantizeLinear and DequantizeLinear around what its products read, weights as i8 with a scale for
 * each channel, activations as u8 between measured bounds. The importer makes integer products of that (docs/adr/0011).
 */
import { constantOf, elementsOf, numbersOf, type ReadExternal } from "../elements.ts";
import { OnnxError } from "../errors.ts";
import { type GraphProto, type NodeProto, readModel, type TensorProto } from "../model.ts";
import type { Field } from "../wire.ts";
import { nameOf, newNode, newTensor, PART, reading, withGraph } from "./graph.ts";
import { again, type Pieces } from "./write.ts";

/** Least and greatest value that a tensor was seen to have. */
export type Range = { readonly least: number; readonly most: number };

/** A product whose weights are in the file: node `at`, that reads `source` (moved on the way, or not) and `weight`. */
type Product = { readonly at: number; readonly source: string; readonly weight: TensorProto; readonly axis: number };

type Plan = { readonly graph: GraphProto; readonly products: readonly Product[]; readonly opset: number };

/** Operators with one source that move or choose elements: what they do to integers is what they do to reals. */
const MOVES: ReadonlySet<string> = new Set([...["MaxPool", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose"]]);
/** The sum of so many products of u8 and i8 stays below 2³¹. */
const MOST_TERMS = 66_000;
const FLOAT = 1;

/** Axis of the weight that the result keeps. */
function keptAxis({ operator, attributes }: NodeProto, { dims }: TensorProto): number {
  if (operator === "Conv") return 0;
  return operator === "Gemm" && attributes.get("transB")?.i === 1n ? 0 : dims.length - 1;
}

function planOf(file: Uint8Array): Plan {
  const { graph, opsets } = readModel(file);
  const opset = opsets.get("") ?? 1;
  if (opset < 10) throw new OnnxError(`opset ${opset} has no QuantizeLinear: export the model with opset 13 or later`);
  const weights = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const readers = new Map<string, number>();
  for (const name of [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)])
    readers.set(name, (readers.get(name) ?? 0) + 1);
  const sourceOf = (name: string): string => {
    const maker = makers.get(name);
    const moves = maker && maker.domain === "" && MOVES.has(maker.operator) && readers.get(name) === 1;
    return moves && !weights.has(maker.inputs[0]!) ? sourceOf(maker.inputs[0]!) : name;
  };
  const products = graph.nodes.flatMap((node, at): Product[] => {
    const [x, w] = node.inputs;
    const weight = weights.get(w ?? "");
    if (node.domain !== "" || !["Conv", "Gemm", "MatMul"].includes(node.operator)) return [];
    if (!weight || weight.type !== FLOAT || weights.has(x!)) return [];
    const axis = keptAxis(node, weight);
    const terms = elementsOf(weight.dims) / (weight.dims[axis] ?? 1);
    if (weight.dims.length < 2 || (node.operator === "MatMul" && weight.dims.length > 2) || terms > MOST_TERMS)
      return [];
    return [{ at, source: sourceOf(x!), weight, axis }];
  });
  return { graph, products, opset };
}

/** The tensors whose bounds `quantiseModel` wants to know. @throws OnnxError when nothing can be quantised */
export function calibrated(file: Uint8Array): string[] {
  const { products } = planOf(file);
  if (products.length === 0)
    throw new OnnxError("no Conv, Gemm or MatMul here has its weights in the file: nothing can be quantised");
  return [...new Set(products.map(({ source }) => source))];
}

const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

/** u8: 0 is exact, and both bounds are inside. */
function activation(name: string, { least, most }: Range): { readonly nodes: Pieces; readonly tensors: Pieces } {
  const [low, high] = [Math.min(least, 0), Math.max(most, 0)];
  if (!Number.isFinite(high - low))
    throw new OnnxError(`tensor ${JSON.stringify(name)} is not finite: no bounds for it`);
  const scale = Math.fround((high - low) / 255) || 1;
  const around = [`${name}.scale`, `${name}.zero`];
  return {
    nodes: [
      ...newNode({ operator: "QuantizeLinear", inputs: [name, ...around], output: `${name}.q` }),
      ...newNode({ operator: "DequantizeLinear", inputs: [`${name}.q`, ...around], output: `${name}.dq` }),
    ],
    tensors: [
      ...newTensor({ name: around[0]!, type: "f32", dims: [], data: floats(scale) }),
      ...newTensor({ name: around[1]!, type: "u8", dims: [], data: Uint8Array.of(Math.round(-low / scale)) }),
    ],
  };
}

/** i8 in steps of the greatest of its channel (of all, where the operator set knows no axis). */
function weightOf({ weight, axis }: Product, opset: number, external: ReadExternal | undefined) {
  const values = numbersOf(constantOf(weight, external));
  const perChannel = opset >= 13;
  const channels = perChannel ? weight.dims[axis]! : 1;
  const inner = elementsOf(weight.dims.slice(axis + 1));
  const channelOf = (i: number): number => (perChannel ? Math.floor(i / inner) % channels : 0);
  const greatest = new Float32Array(channels);
  for (const [i, value] of values.entries())
    greatest[channelOf(i)] = Math.max(greatest[channelOf(i)]!, Math.abs(value));
  const scales = [...greatest].map((most) => Math.fround(most / 127) || 1);
  const data = Uint8Array.from(values, (value, i) => Math.round(value / scales[channelOf(i)]!) & 255);
  const dims = perChannel ? [channels] : [];
  const name = `${weight.name}.${axis}`;
  const inputs = [`${name}.q`, `${name}.scale`, `${name}.zero`];
  return {
    name: `${name}.dq`,
    nodes: newNode({ operator: "DequantizeLinear", inputs, output: `${name}.dq`, axis: perChannel ? axis : undefined }),
    tensors: [
      ...newTensor({ name: inputs[0]!, type: "i8", dims: weight.dims, data }),
      ...newTensor({ name: inputs[1]!, type: "f32", dims, data: floats(...scales) }),
      ...newTensor({ name: inputs[2]!, type: "i8", dims, data: new Uint8Array(channels) }),
    ],
  };
}

/**
 * The file in its 8-bit form. `ranges` names what of its products is quantised: the tensors of `calibrated`.
 * @throws OnnxError for a range that is not finite
 */
export function quantiseModel(
  file: Uint8Array,
  ranges: ReadonlyMap<string, Range>,
  external?: ReadExternal,
): Uint8Array {
  const { graph, products, opset } = planOf(file);
  const chosen = products.filter(({ source }) => ranges.has(source));
  const sources = new Map(
    [...new Set(chosen.map(({ source }) => source))].map((name) => [name, activation(name, ranges.get(name)!)]),
  );
  const weights = new Map(chosen.map((product) => [product.at, weightOf(product, opset, external)]));
  const made = new Map([...weights.values()].map((weight) => [weight.name, weight]));
  const moved = new Set(graph.nodes.flatMap((node, at) => (readsQuantised(node, at, { graph, chosen }) ? [at] : [])));
  const inputsOf = (node: NodeProto, at: number): string[] =>
    node.inputs.map((name, i) => {
      if (i === 0 && moved.has(at)) return `${name}.dq`;
      return i === 1 ? (weights.get(at)?.name ?? name) : name;
    });
  const left = new Set([
    ...graph.nodes.flatMap((node, at) => inputsOf(node, at)),
    ...graph.outputs.map(({ name }) => name),
  ]);
  const isGone = (name: string): boolean => chosen.some(({ weight }) => weight.name === name) && !left.has(name);
  const given = [...sources].filter(([name]) => !graph.nodes.some(({ outputs }) => outputs.includes(name)));
  const ahead = [...[...made.values()].flatMap(({ nodes }) => nodes), ...given.flatMap(([, { nodes }]) => nodes)];
  let at = -1;
  const change = (field: Field): Pieces => {
    if (field.number === PART.initializer || field.number === PART.input)
      return isGone(nameOf(field)) ? [] : again(field);
    if (field.number !== PART.node) return again(field);
    const node = graph.nodes[++at]!;
    const own = reading(field, inputsOf(node, at));
    const after = node.outputs.flatMap((name) => sources.get(name)?.nodes ?? []);
    return [...(at === 0 ? ahead : []), ...own, ...after];
  };
  const tensors = [...made.values(), ...sources.values()].flatMap((part) => part.tensors);
  return withGraph(file, change, tensors);
}

type Chosen = { readonly graph: GraphProto; readonly chosen: readonly Product[] };

/** Whether the node is the first on the way from a quantised tensor to its product. */
function readsQuantised(node: NodeProto, at: number, { graph, chosen }: Chosen): boolean {
  const from = chosen.filter(({ source }) => source === node.inputs[0]);
  const leadsTo = (name: string, product: Product): boolean => {
    const target = graph.nodes[product.at]!;
    if (target.inputs[0] === name) return true;
    const next = graph.nodes.find(({ inputs, operator }) => inputs[0] === name && MOVES.has(operator));
    return next !== undefined && leadsTo(next.outputs[0]!, product);
  };
  return from.some((product) => product.at === at || (MOVES.has(node.operator) && leadsTo(node.outputs[0]!, product)));
}
