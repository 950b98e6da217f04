/** The part of a convolution net that computes numbers from numbers, as a graph that can be changed and written again. */
import { constantOf, type Model as OnnxModel, readModel } from "@opengradient/onnx";
import type { Attribute, Graph, GraphNode, Initializer } from "./protobuf.ts";

type NodeProto = OnnxModel["graph"]["nodes"][number];

/** AttributeProto.AttributeType */
const [FLOAT, INT, INTS] = [1, 2, 7];

function attributesOf({ attributes }: NodeProto): Record<string, Attribute> {
  const found: Record<string, Attribute> = {};
  for (const [name, { type, f, i, ints }] of attributes) {
    if (type === FLOAT) found[name] = { float: f };
    else if (type === INT) found[name] = Number(i);
    else if (type === INTS) found[name] = ints.map(Number);
  }
  delete found.spatial;
  return found;
}

/** Nodes back to the inputs, in order. */
function nodesFor(nodes: readonly NodeProto[], output: string): NodeProto[] {
  const wanted = new Set([output]);
  const kept: NodeProto[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    kept.unshift(node);
    for (const name of node.inputs) wanted.add(name);
  }
  return kept;
}

const isIdentity = ({ operator, attributes }: NodeProto): boolean =>
  operator === "Dropout" ||
  (operator === "ImageScaler" &&
    attributes.get("scale")?.f === 1 &&
    (attributes.get("bias")?.floats ?? []).every((bias) => bias === 0));

/** Of a file of an older opset; what only pads for a pool that follows becomes that pool's padding. */
export function trunkOf(file: Uint8Array, output: string, inputDims: readonly number[]): Graph {
  const { graph } = readModel(file);
  const same = new Map<string, string>();
  const pads = new Map<string, readonly number[]>();
  const nodes: GraphNode[] = [];
  for (const proto of nodesFor(graph.nodes, output)) {
    const inputs = proto.inputs.map((name) => same.get(name) ?? name);
    const [result] = proto.outputs as [string];
    const attributes = attributesOf(proto);
    if (isIdentity(proto)) same.set(result, inputs[0]!);
    else if (proto.operator === "Pad") {
      same.set(result, inputs[0]!);
      const around = attributes.pads as readonly number[];
      pads.set(result, [...around.slice(2, 4), ...around.slice(6, 8)]);
    } else {
      const padded = pads.get(proto.inputs[0]!);
      const all = padded ? { ...attributes, pads: padded } : attributes;
      nodes.push({ operator: proto.operator, inputs, outputs: [result], attributes: all });
    }
  }
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const initializers = graph.initializers
    .filter(({ name }) => used.has(name))
    .map(
      (tensor): Initializer => ({ name: tensor.name, type: "f32", dims: tensor.dims, data: constantOf(tensor).data }),
    );
  const weights = new Set(initializers.map(({ name }) => name));
  const inputs = graph.inputs.filter(({ name }) => used.has(name) && !weights.has(name));
  return { nodes, initializers, inputs: inputs.map(({ name }) => ({ name, dims: inputDims })), outputs: [output] };
}
