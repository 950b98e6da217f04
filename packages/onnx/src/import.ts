/** ONNX file → kernels as its operators write them: row-major tensors in ONNX's layouts, nothing fused, no budgets kept. */
import type { Output, Program, Tensor } from "@opengradient/program";
import "./operators/index.ts";
import { type Builder, constant, createBuilder, type Value, view } from "./builder.ts";
import { type Constant, checkDims, constantOf, type ElementType, elementsOf, elementType } from "./elements.ts";
import { OnnxError } from "./errors.ts";
import { type Model, type NodeProto, readModel, type ValueInfo } from "./model.ts";
import { nodeOf } from "./node.ts";
import { lowerOf } from "./registry.ts";

export type ImportOptions = {
  /** dims of inputs that the file leaves open, by input name */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** inputs that become constants, by name */
  readonly set?: Readonly<Record<string, Constant>>;
};

export type Port = { readonly name: string; readonly type: ElementType; readonly dims: readonly number[] };

export type Imported = {
  readonly program: Program;
  readonly weights: readonly Tensor[];
  /** the node that each kernel came from */
  readonly labels: readonly string[];
  /** as the file orders and names them; output i is output i of the Program */
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** what a user should know, in words */
  readonly notes: readonly string[];
};

/** Newest operator set whose definitions have been read. */
const NEWEST_OPSET = 28;

type Slot = Value | { readonly refused: string };

/** @throws OnnxError for whatever can not be imported exactly */
export function importGraph(bytes: Uint8Array, options: ImportOptions = {}): Imported {
  const model = readModel(bytes);
  const opset = checkModel(model);
  const { graph } = model;
  const build = createBuilder();
  const slots = new Map<string, Slot>();
  const notes: string[] = [];
  for (const tensor of graph.initializers)
    slots.set(
      tensor.name,
      initializer(() => constantOf(tensor)),
    );
  for (const [name, value] of Object.entries(options.set ?? {})) {
    if (!graph.inputs.some((info) => info.name === name))
      throw new OnnxError(`there is no input ${JSON.stringify(name)} to set`);
    slots.set(name, constant(value));
  }
  for (const name of Object.keys(options.shapes ?? {}))
    if (!graph.inputs.some((info) => info.name === name))
      throw new OnnxError(`there is no input ${JSON.stringify(name)} to give a shape`);
  const inputs: Port[] = [];
  for (const info of graph.inputs) {
    if (slots.has(info.name)) continue;
    const port = openPort(info, options.shapes?.[info.name]);
    slots.set(info.name, build.input(port.type, port.dims));
    inputs.push(port);
    if (port.type === "i64") notes.push(`input ${JSON.stringify(port.name)} is int64: values must fit in 32 bits`);
  }
  const scope = { build, slots, opset, used: usedNames(model) };
  for (const [i, proto] of neededNodes(model).entries()) lowerNode(proto, i, scope);
  const outputs = graph.outputs.map((info) => ({ name: info.name, value: outputValue(info, slots) }));
  return finish(build, inputs, outputs, notes);
}

function checkModel(model: Model): number {
  const opset = model.opsets.get("") ?? 1;
  if (opset < 1 || opset > NEWEST_OPSET)
    throw new OnnxError(`operator set ${opset} is not known; at most ${NEWEST_OPSET}`);
  if (model.graph.sparse > 0) throw new OnnxError("sparse initializers are not supported");
  if (model.graph.outputs.length === 0) throw new OnnxError("the graph has no outputs");
  return opset;
}

/** A tensor that no node needs may be of any kind. */
function initializer(read: () => Constant): Slot {
  try {
    return constant(read());
  } catch (cause) {
    if (cause instanceof OnnxError) return { refused: cause.reason };
    throw cause;
  }
}

function openPort(info: ValueInfo, shape: readonly number[] | undefined): Port {
  const what = `input ${JSON.stringify(info.name)}`;
  if (info.type === undefined) throw new OnnxError(`${what} is no tensor, which is not supported`);
  const type = elementType(info.type, what);
  const declared = info.dims;
  const dims = shape ?? declared?.map((d, i) => (typeof d === "number" ? d : openDim(what, info.name, d, i)));
  if (dims === undefined) throw new OnnxError(`${what} has no shape: give one with --shape ${info.name}=…`);
  if (
    shape &&
    declared &&
    (declared.length !== shape.length || declared.some((d, i) => typeof d === "number" && d !== shape[i]))
  )
    throw new OnnxError(`${what} is [${declared.map((d) => d || "?")}] in the file; [${shape}] does not fit`);
  checkDims(dims, what);
  if (elementsOf(dims) === 0) throw new OnnxError(`${what} [${dims}] is empty, which is not supported`);
  if (dims.length > 8) throw new OnnxError(`${what} has rank ${dims.length}; at most 8`);
  return { name: info.name, type, dims };
}

function openDim(what: string, name: string, symbol: string, i: number): never {
  const dim = symbol === "" ? `dimension ${i}` : `dimension ${i} (${symbol})`;
  throw new OnnxError(`${what}: ${dim} is dynamic: give the shape with --shape ${name}=…`);
}

const usedNames = (model: Model): ReadonlySet<string> =>
  new Set([...model.graph.nodes.flatMap((node) => node.inputs), ...model.graph.outputs.map((info) => info.name)]);

/** The nodes that some output depends on, in the file's order but for those that stand before what they need. */
function neededNodes({ graph }: Model): NodeProto[] {
  const producers = new Map<string, NodeProto[]>();
  for (const node of graph.nodes)
    for (const name of node.outputs) producers.set(name, [...(producers.get(name) ?? []), node]);
  const needed = new Set<NodeProto>();
  const names = graph.outputs.map((info) => info.name);
  for (let name = names.pop(); name !== undefined; name = names.pop())
    for (const node of name === "" ? [] : (producers.get(name) ?? [])) {
      if (!needed.has(node)) names.push(...node.inputs);
      needed.add(node);
    }
  const ordered: NodeProto[] = [];
  const waiting = new Set([...needed].flatMap((node) => node.outputs));
  let rest = graph.nodes.filter((node) => needed.has(node));
  while (rest.length > 0) {
    const before = ordered.length;
    const late: NodeProto[] = [];
    for (const node of rest) {
      if (node.inputs.some((name) => name !== "" && waiting.has(name))) late.push(node);
      else {
        for (const name of node.outputs) waiting.delete(name);
        ordered.push(node);
      }
    }
    // a cycle: lowering the first of its nodes says so
    if (ordered.length === before) return [...ordered, ...late];
    rest = late;
  }
  return ordered;
}

type Scope = {
  readonly build: Builder;
  readonly slots: Map<string, Slot>;
  readonly opset: number;
  readonly used: ReadonlySet<string>;
};

function lowerNode(proto: NodeProto, i: number, { build, slots, opset, used }: Scope): void {
  const name = proto.name || proto.outputs.find((output) => output !== "") || `#${i}`;
  const at = { node: name, operator: proto.operator };
  const lower = lowerOf(proto.domain, proto.operator);
  if (lower === undefined) {
    const where = proto.domain === "" ? "" : ` of domain ${proto.domain}`;
    throw new OnnxError(`operator ${proto.operator}${where} is not supported`, at);
  }
  const inputs = proto.inputs.map((input) => {
    if (input === "") return undefined;
    const slot = slots.get(input);
    if (slot === undefined)
      throw new OnnxError(
        `input ${JSON.stringify(input)} is not produced before this node (a cycle, or a missing tensor)`,
        at,
      );
    if ("refused" in slot) throw new OnnxError(slot.refused, at);
    return slot;
  });
  const wanted = proto.outputs.map((output) => output !== "" && used.has(output));
  build.label(name);
  const node = nodeOf({ proto, name, opset, inputs, wanted }, build);
  const made = ((): readonly Value[] => {
    try {
      const values = lower(node);
      return "origin" in values ? [values] : values;
    } catch (cause) {
      if (cause instanceof OnnxError && cause.operator === undefined) throw new OnnxError(cause.reason, at);
      throw cause;
    }
  })();
  node.checkAttributes();
  for (const [o, output] of proto.outputs.entries()) {
    if (output === "") continue;
    if (slots.has(output)) throw new OnnxError(`output ${JSON.stringify(output)} exists already`, at);
    if (made[o] !== undefined) slots.set(output, made[o]);
    else if (wanted[o]) throw new OnnxError(`output ${o} is not supported`, at);
  }
}

function outputValue(info: ValueInfo, slots: ReadonlyMap<string, Slot>): Value {
  const what = `output ${JSON.stringify(info.name)}`;
  const slot = slots.get(info.name);
  if (slot === undefined) throw new OnnxError(`${what} is produced by no node`);
  if ("refused" in slot) throw new OnnxError(slot.refused);
  if (info.type === undefined) throw new OnnxError(`${what} is no tensor, which is not supported`);
  if (elementType(info.type, what) !== slot.type)
    throw new OnnxError(`${what} is ${elementType(info.type, what)} in the file, and the graph computes ${slot.type}`);
  if (
    info.dims?.every((d) => typeof d === "number") &&
    String(info.dims) !== String(slot.dims) &&
    elementsOf(info.dims as number[]) !== elementsOf(slot.dims)
  )
    throw new OnnxError(`${what} is [${info.dims}] in the file, and the graph computes [${slot.dims}]`);
  return slot;
}

type NamedValue = { readonly name: string; readonly value: Value };

/** Outputs are results of distinct kernels in ascending order: what is not gets a kernel that copies it. */
function finish(
  build: Builder,
  inputs: readonly Port[],
  wanted: readonly NamedValue[],
  notes: readonly string[],
): Imported {
  let last = -1;
  const firstCopy = wanted.findIndex(({ value }) => {
    const ascends = resultOf(value) > last;
    last = resultOf(value);
    return !ascends;
  });
  const outputs = wanted.map(({ name, value }, i) => {
    if (firstCopy < 0 || i < firstCopy) return { name, value };
    build.label(`output ${name}`);
    const flat = view(value, [elementsOf(value.dims)]);
    const copy = build.map(value.type, flat.dims, ({ loops, read }) => read(flat, loops));
    return { name, value: view(copy, value.dims) };
  });
  const built = build.finish();
  const program: Program = {
    inputs: built.inputs,
    weights: built.weights.map(({ dtype, dims }) => ({ dtype, dims })),
    kernels: built.kernels,
    outputs: outputs.map(({ value }): Output => ({ kernel: resultOf(value), dims: headerDims(value.dims) })),
  };
  const ports = outputs.map(({ name, value }) => ({ name, type: value.type, dims: value.dims }));
  return { program, weights: built.weights, labels: built.labels, inputs, outputs: ports, notes };
}

/** The header holds up to eight dimensions; beyond that the tensor is shown flat. */
const headerDims = (dims: readonly number[]): readonly number[] => (dims.length <= 8 ? dims : [elementsOf(dims)]);

const resultOf = (value: Value): number =>
  value.origin.kind === "tensor" && value.origin.space === 2 ? value.origin.index : -1;
