/** ONNX file → kernels as its operators write them: row-major tensors in ONNX's layouts, nothing fused, no budgets kept. */
import type { Output, Program, Tensor } from "@opengradient/program";
import "./operators/index.ts";
import { type Builder, constant, createBuilder, empty, type Value, view } from "./builder.ts";
import {
  beside,
  type Constant,
  checkDims,
  type ElementType,
  elementsOf,
  isWide,
  type ReadExternal,
} from "./elements.ts";
import { OnnxError } from "./errors.ts";
import { type Format, formatOf } from "./formats.ts";
import { functionsOf, initializer, lowerPlan, noteFormat, opsetOf, planOf, type Scope, type Slot } from "./graph.ts";
import { type Model, readModel, type ValueInfo } from "./model.ts";
import { roundTo } from "./rounding.ts";

export type ImportOptions = {
  /** dims of inputs that the file leaves open, by input name */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** inputs that become constants, by name */
  readonly set?: Readonly<Record<string, Constant>>;
  /** reads the files that lie beside the model; without it tensors that keep their data there are refused */
  readonly external?: ReadExternal;
};

export type Port = {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** what the file has in its place, where that is another type */
  readonly format?: Format;
  /** the strings that the numbers stand for, or the names of the columns of a map */
  readonly names?: readonly string[];
};

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

/** @throws OnnxError for whatever can not be imported exactly */
export function importGraph(bytes: Uint8Array, options: ImportOptions = {}): Imported {
  const model = readModel(bytes);
  checkModel(model);
  const { graph } = model;
  const build = createBuilder();
  const slots = new Map<string, Slot>();
  for (const tensor of graph.initializers) slots.set(tensor.name, initializer(tensor, options.external));
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
    slots.set(info.name, openInput(build, port));
    if (elementsOf(port.dims) > 0) inputs.push(port);
  }
  const external = options.external;
  const context = { build, functions: functionsOf(model.functions), lowered: 0, ...(external && { external }) };
  const outputNames = graph.outputs.map(({ name }) => name);
  const scope: Scope = { context, slots, opsets: model.opsets, attributes: new Map(), path: "", depth: 0 };
  lowerPlan(planOf(graph.nodes, outputNames), scope);
  const outputs = graph.outputs.map((info) => {
    build.label(`output ${info.name}`);
    return { name: info.name, value: outputValue(info, slots, build) };
  });
  return finish(build, inputs, outputs);
}

/** An input without elements is known already, and no input of the Program. */
function openInput(build: Builder, { name, type, dims, format }: Port): Value {
  const held = format && { format };
  if (elementsOf(dims) === 0) {
    build.note(`input ${JSON.stringify(name)} [${dims}] is empty, and left out`);
    return { ...empty(type, dims), ...held };
  }
  if (isWide(type)) build.note(`input ${JSON.stringify(name)} is ${type}: values must fit in 32 bits`);
  noteFormat(build, format);
  return { ...build.input(type, dims), ...held };
}

function checkModel(model: Model): void {
  opsetOf(model.opsets);
  if (model.graph.sparse > 0) throw new OnnxError("sparse initializers are not supported");
  if (model.graph.outputs.length === 0) throw new OnnxError("the graph has no outputs");
}

function openPort(info: ValueInfo, shape: readonly number[] | undefined): Port {
  const what = `input ${JSON.stringify(info.name)}`;
  if (info.type === undefined) throw new OnnxError(`${what} is no tensor, which is not supported`);
  const format = formatOf(info.type, what);
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
  if (dims.length > 8) throw new OnnxError(`${what} has rank ${dims.length}; at most 8`);
  const held = beside(format);
  return { name: info.name, type: format.type, dims, ...(held && { format: held }) };
}

function openDim(what: string, name: string, symbol: string, i: number): never {
  const dim = symbol === "" ? `dimension ${i}` : `dimension ${i} (${symbol})`;
  throw new OnnxError(`${what}: ${dim} is dynamic: give the shape with --shape ${name}=…`);
}

/** What leaves as a format narrower than f32 is rounded to it. */
function outputValue(info: ValueInfo, slots: ReadonlyMap<string, Slot>, build: Builder): Value {
  const what = `output ${JSON.stringify(info.name)}`;
  const slot = slots.get(info.name);
  if (slot === undefined || slot === "absent") throw new OnnxError(`${what} is produced by no node`);
  if ("refused" in slot) throw slot.refused;
  if (slot.names !== undefined) return named(info, { ...slot, names: slot.names }, build);
  if (info.type === undefined) throw new OnnxError(`${what} is no tensor, which is not supported`);
  if (elementsOf(slot.dims) === 0) throw new OnnxError(`${what} [${slot.dims}] is empty, which is not supported`);
  const format = formatOf(info.type, what);
  if (format.type !== slot.type)
    throw new OnnxError(`${what} is ${format.type} in the file, and the graph computes ${slot.type}`);
  checkDeclared(what, info.dims, slot.dims, build);
  const { float } = format;
  if (float === undefined) return slot;
  const rounded = build.map("f32", slot.dims, ({ loops, read }) => roundTo(read(slot, loops), float, "infinity"));
  return { ...rounded, format };
}

/** Declared dims are those of the graph, but for views, and for single rows and columns, which exporters of old put where there are more. */
function checkDeclared(what: string, declared: ValueInfo["dims"], dims: readonly number[], build: Builder): void {
  if (declared?.every((d) => typeof d === "number") !== true) return;
  if (elementsOf(declared as number[]) === elementsOf(dims)) return;
  const said = `${what} is [${declared}] in the file, and the graph computes [${dims}]`;
  if (declared.length !== dims.length || declared.some((d, i) => d !== dims[i] && d !== 1)) throw new OnnxError(said);
  build.note(said);
}

/** Strings leave as numbers, maps as columns; a note says what they stand for. */
function named(info: ValueInfo, value: Value & { readonly names: readonly string[] }, build: Builder): Value {
  const shown = value.names.length > 20 ? [...value.names.slice(0, 20), "…"] : value.names;
  const what = value.type === "f32" ? "a column for each of" : "numbers that stand for";
  build.note(`output ${JSON.stringify(info.name)} is ${what} ${shown.map((name) => JSON.stringify(name)).join(", ")}`);
  return value;
}

type NamedValue = { readonly name: string; readonly value: Value };

/** Outputs are results of distinct kernels in ascending order: what is not gets a kernel that copies it. */
function finish(build: Builder, inputs: readonly Port[], wanted: readonly NamedValue[]): Imported {
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
    return { name, value: { ...value, origin: copy.origin } };
  });
  const built = build.finish();
  const program: Program = {
    inputs: built.inputs,
    weights: built.weights.map(({ dtype, dims }) => ({ dtype, dims })),
    kernels: built.kernels,
    outputs: outputs.map(({ value }): Output => ({ kernel: resultOf(value), dims: headerDims(value.dims) })),
  };
  const ports = outputs.map(({ name, value: { type, dims, format, names } }) => ({
    name,
    type,
    dims,
    ...(format && beside(format) && { format }),
    ...(names && { names }),
  }));
  return { program, weights: built.weights, labels: built.labels, inputs, outputs: ports, notes: built.notes };
}

/** The header holds up to eight dimensions; beyond that the tensor is shown flat. */
const headerDims = (dims: readonly number[]): readonly number[] => (dims.length <= 8 ? dims : [elementsOf(dims)]);

const resultOf = (value: Value): number =>
  value.origin.kind === "tensor" && value.origin.space === 2 ? value.origin.index : -1;
