/** Nodes become kernels: the model's own, those of graphs inside nodes, and those of functions. */
import type { Builder, Value } from "./builder.ts";
import type { ReadExternal } from "./elements.ts";
import { OnnxError } from "./errors.ts";
import type { Format } from "./formats.ts";
import type { AttributeProto, FunctionProto, GraphProto, NodeProto, Opsets, TensorProto } from "./model.ts";
import { type Body, nodeOf } from "./node.ts";
import { dequantise, movable } from "./quantise.ts";
import { lowerOf } from "./registry.ts";
import { stored } from "./stored.ts";

/** What a name stands for. A tensor that can not be had is an error only to those who need it. */
export type Slot = Value | { readonly refused: OnnxError } | "absent";

/** What all nodes of an import share. */
export type Context = {
  readonly build: Builder;
  readonly functions: ReadonlyMap<string, PlannedFunction>;
  /** reads files beside the model */
  readonly external?: ReadExternal;
  /** nodes lowered, those in unrolled loops each time */
  lowered: number;
};

export type PlannedFunction = FunctionProto & { readonly plan: Plan };

/** By domain and name. */
export const functionsOf = (functions: readonly FunctionProto[]): Context["functions"] =>
  new Map(functions.map((f) => [functionKey(f.domain, f.name), { ...f, plan: planOf(f.nodes, f.outputs) }]));

/** Where names have their meaning. */
export type Scope = {
  readonly context: Context;
  readonly slots: Map<string, Slot>;
  /** of the graph around this one, whose names are seen here */
  readonly outer?: Scope;
  readonly opsets: Opsets;
  /** of the node that calls the function whose body this is */
  readonly attributes: ReadonlyMap<string, AttributeProto>;
  /** stands before the names of nodes */
  readonly path: string;
  /** functions around this one */
  readonly depth: number;
};

/** A Program has no more kernels. */
const MAX_NODES = 0x10000;
const MAX_CALLS = 16;
const MAX_OPSET = 28;

const functionKey = (domain: string, name: string): string => `${domain}:${name}`;

/** Version of ONNX's own operator set. @throws OnnxError when its definitions are not known */
export function opsetOf(opsets: Opsets): number {
  const opset = opsets.get("") ?? 1;
  if (opset < 1 || opset > MAX_OPSET) throw new OnnxError(`operator set ${opset} is not known; at most ${MAX_OPSET}`);
  return opset;
}

/** Nodes that the outputs depend on, each after what it needs, and the names that are used at all. */
export type Plan = { readonly nodes: readonly NodeProto[]; readonly used: ReadonlySet<string> };

export function planOf(nodes: readonly NodeProto[], outputs: readonly string[]): Plan {
  const needs = new Map(nodes.map((node) => [node, needsOf(node)]));
  const needed = neededNodes(nodes, outputs, needs);
  return { nodes: ordered(needed, needs), used: new Set([...outputs, ...needed.flatMap((node) => needs.get(node)!)]) };
}

type Needs = ReadonlyMap<NodeProto, readonly string[]>;

/** Inputs, and what the graphs inside take from around them. */
const needsOf = (node: NodeProto): string[] => [
  ...node.inputs.filter((name) => name !== ""),
  ...[...node.attributes.values()].flatMap(({ g }) => (g ? freeNames(g) : [])),
];

function freeNames(graph: GraphProto): string[] {
  const own = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const used = [...graph.nodes.flatMap(needsOf), ...graph.outputs.map(({ name }) => name)];
  return used.filter((name) => !own.has(name));
}

/** The node that produces each name: the first, where there are several (the second will find the name taken). */
function producersOf(nodes: readonly NodeProto[]): ReadonlyMap<string, NodeProto> {
  const producers = new Map<string, NodeProto>();
  for (const node of nodes)
    for (const name of node.outputs) if (name !== "" && !producers.has(name)) producers.set(name, node);
  return producers;
}

function neededNodes(nodes: readonly NodeProto[], outputs: readonly string[], needs: Needs): NodeProto[] {
  const wanted = new Set(outputs);
  const makers = new Map<string, NodeProto[]>();
  for (const node of nodes)
    for (const name of node.outputs) {
      const list = makers.get(name);
      if (list) list.push(node);
      else makers.set(name, [node]);
    }
  const needed = new Set<NodeProto>();
  for (const name of wanted)
    for (const node of makers.get(name) ?? [])
      if (name !== "" && !needed.has(node)) {
        needed.add(node);
        for (const need of needs.get(node)!) wanted.add(need);
      }
  return nodes.filter((node) => needed.has(node));
}

/** The file's order, but for nodes that stand before what they need; in a cycle, lowering one of its nodes says so. */
function ordered(nodes: readonly NodeProto[], needs: Needs): NodeProto[] {
  const producers = producersOf(nodes);
  const done = new Set<NodeProto>();
  const begun = new Set<NodeProto>();
  for (const first of nodes) {
    const path = [first];
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const isNew = !begun.has(node);
      begun.add(node);
      const missing = isNew ? needs.get(node)!.flatMap((name) => producers.get(name) ?? []) : [];
      const open = missing.filter((other) => !begun.has(other));
      if (open.length > 0) path.push(...open.reverse());
      else {
        done.add(node);
        path.pop();
      }
    }
  }
  return [...done];
}

export function lowerPlan(plan: Plan, scope: Scope): void {
  for (const [i, proto] of plan.nodes.entries()) lowerNode(proto, i, plan.used, scope);
}

/** A tensor of the file, which may be of any kind while no node needs it. */
export const initializer = (tensor: TensorProto, external: ReadExternal | undefined): Slot =>
  attempt(() => stored(tensor, external));

/** Operators that leave numbers which stand for strings what they are. */
const KEEP_NAMES: ReadonlySet<string> = new Set([
  ...["ArrayFeatureExtractor", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"],
]);

function checkNames({ proto, inputs }: Call): void {
  if (inputs.some((input) => input?.names) && !KEEP_NAMES.has(proto.operator))
    throw new OnnxError("an input has element type string or map, which is not supported");
}

function attempt<T>(make: () => T): T | { readonly refused: OnnxError } {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof OnnxError) return { refused: cause };
    throw cause;
  }
}

export function find(name: string, scope: Scope | undefined): Slot | undefined {
  for (let at = scope; at !== undefined; at = at.outer) {
    const slot = at.slots.get(name);
    if (slot !== undefined) return slot;
  }
  return undefined;
}

type Place = { readonly node: string; readonly operator: string };

/** What a node reads; undefined where an optional input is left out. */
function inputsOf(proto: NodeProto, scope: Scope, at: Place): (Value | undefined)[] {
  return proto.inputs.map((input) => {
    if (input === "") return undefined;
    const slot = find(input, scope);
    if (slot === undefined)
      throw new OnnxError(
        `input ${JSON.stringify(input)} is not produced before this node (a cycle, or a missing tensor)`,
        at,
      );
    if (slot === "absent") return undefined;
    if ("refused" in slot) throw placed(slot.refused, at);
    return slot;
  });
}

/** The error, said of a node if it does not name one. */
const placed = (error: OnnxError, at: Place): OnnxError =>
  error.operator === undefined ? new OnnxError(error.reason, at) : error;

function lowerNode(given: NodeProto, i: number, used: ReadonlySet<string>, scope: Scope): void {
  const name = scope.path + (given.name || given.outputs.find((output) => output !== "") || `#${i}`);
  const at = { node: name, operator: given.operator };
  const made = attempt(() => {
    if (++scope.context.lowered > MAX_NODES) throw new OnnxError(`more than ${MAX_NODES} nodes, loops unrolled`, at);
    for (const output of given.outputs)
      if (output !== "" && scope.slots.has(output))
        throw new OnnxError(`output ${JSON.stringify(output)} exists already`, at);
    const proto = { ...given, attributes: resolved(given.attributes, scope.attributes) };
    const wanted = proto.outputs.map((output) => output !== "" && used.has(output));
    const inputs = inputsOf(proto, scope, at);
    try {
      return valuesOf({ proto, name, inputs, wanted, scope });
    } catch (cause) {
      throw cause instanceof OnnxError ? placed(cause, at) : cause;
    }
  });
  for (const [o, output] of given.outputs.entries()) {
    if (output === "") continue;
    const slot = "refused" in made ? made : made[o];
    scope.slots.set(output, slot ?? { refused: new OnnxError(`output ${o} is not supported`, at) });
  }
}

/** Attributes that refer to those of the calling node become what that node has; the others stay. */
function resolved(
  attributes: NodeProto["attributes"],
  outer: ReadonlyMap<string, AttributeProto>,
): ReadonlyMap<string, AttributeProto> {
  const entries = [...attributes].map(([key, a]) => [key, a.reference === "" ? a : outer.get(a.reference)] as const);
  return new Map(entries.flatMap(([key, found]) => (found ? [[key, found] as const] : [])));
}

type Call = {
  readonly proto: NodeProto;
  readonly name: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly wanted: readonly boolean[];
  readonly scope: Scope;
};

/** What the file defines itself is meant by its own definition. */
function valuesOf(call: Call): readonly (Value | undefined)[] {
  const { proto, name, scope } = call;
  const own = scope.context.functions.get(functionKey(proto.domain, proto.operator));
  if (own) return callFunction(own, call);
  const lower = lowerOf(proto.domain, proto.operator);
  if (lower === undefined) {
    const where = proto.domain === "" ? "" : ` of domain ${proto.domain}`;
    throw new OnnxError(`operator ${proto.operator}${where} is not supported`);
  }
  checkNames(call);
  const { build } = scope.context;
  build.label(name);
  const body = (graph: GraphProto): Body => bodyOf(graph, { ...scope, path: `${name}/` }, () => build.label(name));
  const moved = movable(proto.operator, call.inputs);
  const inputs = moved ? [moved.q, ...call.inputs.slice(1)] : call.inputs;
  const node = nodeOf({ ...call, inputs, opset: opsetOf(scope.opsets), body }, build);
  for (const input of call.inputs) noteFormat(build, input?.format);
  const lowered = lower(node);
  node.checkAttributes();
  const values = "origin" in lowered ? [lowered] : lowered;
  if (moved) return values.map((v) => (v.type === moved.q.type ? dequantise(node, v, moved) : v));
  return values.map((value) => withFormat(value, call.inputs));
}

/** Says once for each format how it is held. */
export function noteFormat(build: Builder, format: Format | undefined): void {
  if (format?.type === "f32" && format.name !== "float")
    build.note(`${format.name} tensors are held and computed with as f32; Cast alone rounds to ${format.name}`);
}

/**
 * Operators work on what values are held as. What ONNX has in its place goes on from the inputs: a wide format from any
 * input of the type, a narrow one where all inputs of the type have it (as then elements are moved alone).
 */
function withFormat(value: Value, inputs: readonly (Value | undefined)[]): Value {
  if (value.format !== undefined) return value;
  const formats = inputs.flatMap((input) => (input?.type === value.type ? [input.format] : []));
  const format = formats.find((f) => f !== undefined && f.bits >= 16) ?? formats[0];
  if (format === undefined || (format.bits < 16 && formats.some((f) => f !== format))) return value;
  return { ...value, format };
}

function callFunction(f: PlannedFunction, { proto, name, inputs, scope }: Call): (Value | undefined)[] {
  if (scope.depth >= MAX_CALLS) throw new OnnxError(`functions that call each other more than ${MAX_CALLS} deep`);
  const known = new Set([...f.attributes, ...f.defaults.keys()]);
  for (const key of proto.attributes.keys())
    if (!known.has(key)) throw new OnnxError(`attribute ${key} is not supported`);
  if (inputs.length > f.inputs.length) throw new OnnxError(`${inputs.length} inputs, ${f.inputs.length} expected`);
  const inner: Scope = {
    context: scope.context,
    slots: new Map(f.inputs.map((input, i) => [input, inputs[i] ?? "absent"])),
    opsets: f.opsets,
    attributes: new Map([...f.defaults, ...proto.attributes]),
    path: `${name}/`,
    depth: scope.depth + 1,
  };
  lowerPlan(f.plan, inner);
  return f.outputs.slice(0, proto.outputs.length).map((output) => produced(output, inner));
}

function produced(name: string, scope: Scope): Value {
  const slot = find(name, scope);
  if (slot === undefined || slot === "absent")
    throw new OnnxError(`output ${JSON.stringify(name)} is produced by no node`);
  if ("refused" in slot) throw slot.refused;
  return slot;
}

/** A graph inside a node, which sees the names around it. `relabel` is called when the node goes on. */
function bodyOf(graph: GraphProto, outer: Scope, relabel: () => void): Body {
  const outputs = graph.outputs.map(({ name }) => name);
  const plan = planOf(graph.nodes, outputs);
  return {
    inputs: graph.inputs.length,
    outputs: outputs.length,
    lower: (values) => {
      const slots = new Map<string, Slot>();
      for (const tensor of graph.initializers) slots.set(tensor.name, initializer(tensor, outer.context.external));
      for (const [i, { name }] of graph.inputs.entries()) if (values[i]) slots.set(name, values[i]);
      const inner: Scope = { ...outer, slots, outer };
      lowerPlan(plan, inner);
      relabel();
      return outputs.map((name) => produced(name, inner));
    },
  };
}
