/** The messages of onnx.proto that an inference graph consists of, as records. */
import { OnnxError } from "./errors.ts";
import { bigOf, bigsOf, bytesOf, type Field, fields, fixedOf, intOf, textOf } from "./wire.ts";

export type TensorProto = {
  readonly name: string;
  readonly dims: readonly number[];
  /** TensorProto.DataType */
  readonly type: number;
  /** from raw_data, or float_data and double_data as bytes */
  readonly raw: Uint8Array | undefined;
  /** from int32_data, int64_data, uint64_data */
  readonly integers: readonly bigint[];
  readonly strings: readonly Uint8Array[];
  readonly external: ExternalData | undefined;
};

/** A stretch of a file that lies beside the model. */
export type ExternalData = {
  /** relative path, as the file says it */
  readonly location: string;
  readonly offset: number;
  /** to the end of the file when absent */
  readonly length: number | undefined;
};

export type AttributeProto = {
  readonly name: string;
  /** AttributeProto.AttributeType; 0 when the file does not say */
  readonly type: number;
  readonly f: number;
  readonly i: bigint;
  readonly s: Uint8Array;
  readonly t: TensorProto | undefined;
  readonly g: GraphProto | undefined;
  readonly floats: readonly number[];
  readonly ints: readonly bigint[];
  readonly strings: readonly Uint8Array[];
  readonly reference: string;
};

export type NodeProto = {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly name: string;
  readonly operator: string;
  readonly domain: string;
  readonly attributes: ReadonlyMap<string, AttributeProto>;
};

/** A dimension is a number, a symbol, or "" when nothing is said. */
export type ValueInfo = {
  readonly name: string;
  /** TensorProto.DataType, or undefined for sequences, maps, optionals and sparse tensors */
  readonly type: number | undefined;
  readonly dims: readonly (number | string)[] | undefined;
};

export type GraphProto = {
  readonly name: string;
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly sparse: number;
};

/** Operator set versions by domain; "" is ONNX's own. */
export type Opsets = ReadonlyMap<string, number>;

export type FunctionProto = {
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** names of attributes without a default */
  readonly attributes: readonly string[];
  readonly defaults: ReadonlyMap<string, AttributeProto>;
  readonly nodes: readonly NodeProto[];
  readonly opsets: Opsets;
};

export type Model = {
  readonly graph: GraphProto;
  readonly opsets: Opsets;
  readonly functions: readonly FunctionProto[];
};

const MAX_DEPTH = 16;
/** nodes, attributes, tensors and ports of a file, in all its graphs and functions; a node counts as two */
const MAX_PARTS_OF_FILE = 0x40000;
/** of an attribute */
const MAX_FLOATS = 0x200000;
/** in which the floats of a tensor may come: one when they are packed */
const MAX_PARTS = 0x10000;

/** How deep a graph lies, and what the file has held up to here. */
type Place = { readonly depth: number; readonly file: { parts: number } };

function count({ file }: Place, weight = 1): void {
  file.parts += weight;
  if (file.parts > MAX_PARTS_OF_FILE)
    throw new OnnxError(`more than ${MAX_PARTS_OF_FILE / 2} nodes, or as many tensors, attributes and ports`);
}

/** Reads a ModelProto. @throws OnnxError naming field and byte when the bytes are none */
export function readModel(bytes: Uint8Array): Model {
  let graph: GraphProto | undefined;
  const opsets = new Map<string, number>();
  const functions: FunctionProto[] = [];
  const top: Place = { depth: 0, file: { parts: 0 } };
  for (const field of fields(bytes, "ModelProto")) {
    if (field.number === 7) graph = readGraph(field, top);
    else if (field.number === 8) opsets.set(...readOpset(field));
    else if (field.number === 25) functions.push(readFunction(field, top));
  }
  if (graph === undefined) throw new OnnxError("malformed file: ModelProto has no graph (is this an ONNX file?)");
  if (opsets.size === 0) opsets.set("", 1);
  return { graph, opsets, functions };
}

const domainOf = (field: Field): string => {
  const domain = textOf(field);
  return domain === "ai.onnx" ? "" : domain;
};

function readOpset(field: Field): [domain: string, version: number] {
  let domain = "";
  let version = 0;
  for (const f of inside(field, "OperatorSetIdProto")) {
    if (f.number === 1) domain = domainOf(f);
    else if (f.number === 2) version = intOf(f);
  }
  return [domain, version];
}

function readFunction(field: Field, place: Place): FunctionProto {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: string[] = [];
  const defaults = new Map<string, AttributeProto>();
  const nodes: NodeProto[] = [];
  const opsets = new Map<string, number>();
  let name = "";
  let domain = "";
  for (const f of inside(field, "FunctionProto")) {
    if (f.number === 1) name = textOf(f);
    else if (f.number === 4) inputs.push(textOf(f));
    else if (f.number === 5) outputs.push(textOf(f));
    else if (f.number === 6) attributes.push(textOf(f));
    else if (f.number === 7) nodes.push(readNode(f, place));
    else if (f.number === 9) opsets.set(...readOpset(f));
    else if (f.number === 10) domain = domainOf(f);
    else if (f.number === 11) {
      const attribute = readAttribute(f, place);
      defaults.set(attribute.name, attribute);
    }
  }
  return { domain, name, inputs, outputs, attributes, defaults, nodes, opsets };
}

const inside = (field: Field, message: string) => fields(bytesOf(field), message, field.offset);

function readGraph(field: Field, place: Place): GraphProto {
  if (place.depth > MAX_DEPTH) throw new OnnxError(`graphs nested deeper than ${MAX_DEPTH}`);
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  let name = "";
  let sparse = 0;
  for (const f of inside(field, "GraphProto")) {
    if (f.number === 5 || f.number === 11 || f.number === 12) count(place);
    if (f.number === 1) nodes.push(readNode(f, place));
    else if (f.number === 2) name = textOf(f);
    else if (f.number === 5) initializers.push(readTensorField(f));
    else if (f.number === 11) inputs.push(readValueInfo(f));
    else if (f.number === 12) outputs.push(readValueInfo(f));
    else if (f.number === 15) sparse++;
  }
  return { name, nodes, initializers, inputs, outputs, sparse };
}

function readNode(field: Field, place: Place): NodeProto {
  count(place, 2);
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, AttributeProto>();
  let name = "";
  let operator = "";
  let domain = "";
  for (const f of inside(field, "NodeProto")) {
    if (f.number === 1) inputs.push(textOf(f));
    else if (f.number === 2) outputs.push(textOf(f));
    else if (f.number === 3) name = textOf(f);
    else if (f.number === 4) operator = textOf(f);
    else if (f.number === 7) domain = domainOf(f);
    else if (f.number === 5) {
      const attribute = readAttribute(f, place);
      attributes.set(attribute.name, attribute);
    }
  }
  return { inputs, outputs, name, operator, domain, attributes };
}

function readAttribute(field: Field, place: Place): AttributeProto {
  count(place);
  const a = { name: "", type: 0, f: 0, i: 0n, s: new Uint8Array(0), reference: "" };
  let t: TensorProto | undefined;
  let g: GraphProto | undefined;
  const floats: number[] = [];
  const ints: bigint[] = [];
  const strings: Uint8Array[] = [];
  for (const f of inside(field, "AttributeProto")) {
    if (f.number === 1) a.name = textOf(f);
    else if (f.number === 2) a.f = floatsOf(f)[0] ?? 0;
    else if (f.number === 3) a.i = bigOf(f);
    else if (f.number === 4) a.s = new Uint8Array(bytesOf(f));
    else if (f.number === 5) t = readTensorField(f);
    else if (f.number === 6) g = readGraph(f, { ...place, depth: place.depth + 1 });
    else if (f.number === 7) for (const x of floatsOf(f)) floats.push(x);
    else if (f.number === 8) for (const x of bigsOf(f)) ints.push(x);
    else if (f.number === 9) strings.push(new Uint8Array(bytesOf(f)));
    else if (f.number === 20) a.type = intOf(f);
    else if (f.number === 21) a.reference = textOf(f);
  }
  return { ...a, t, g, floats, ints, strings };
}

function floatsOf(field: Field): number[] {
  const bytes = fixedOf(field, 4);
  if (bytes.length > MAX_FLOATS * 4) throw new OnnxError(`an attribute of more than ${MAX_FLOATS} floats`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

function readValueInfo(field: Field): ValueInfo {
  let name = "";
  let type: number | undefined;
  let dims: (number | string)[] | undefined;
  for (const f of inside(field, "ValueInfoProto")) {
    if (f.number === 1) name = textOf(f);
    if (f.number !== 2) continue;
    for (const t of inside(f, "TypeProto")) {
      if (t.number !== 1) continue;
      for (const part of inside(t, "TypeProto.Tensor")) {
        if (part.number === 1) type = intOf(part);
        else if (part.number === 2)
          dims = [...inside(part, "TensorShapeProto")].filter((d) => d.number === 1).map(readDim);
      }
    }
  }
  return { name, type, dims };
}

function readDim(field: Field): number | string {
  let dim: number | string = "";
  for (const f of inside(field, "Dimension")) {
    if (f.number === 1) dim = intOf(f);
    else if (f.number === 2) dim = textOf(f);
  }
  return dim;
}

/** Reads a file that holds one TensorProto, like the test vectors'. @throws OnnxError */
export const readTensor = (bytes: Uint8Array): TensorProto => collectTensor(fields(bytes, "TensorProto"));

const readTensorField = (field: Field): TensorProto => collectTensor(inside(field, "TensorProto"));

function collectTensor(parts: Iterable<Field>): TensorProto {
  const dims: number[] = [];
  const integers: bigint[] = [];
  const fixed: Uint8Array[] = [];
  const strings: Uint8Array[] = [];
  const entries = new Map<string, string>();
  const t = { name: "", type: 0 };
  let isExternal = false;
  let raw: Uint8Array | undefined;
  for (const f of parts) {
    if (f.number === 1) for (const d of bigsOf(f)) dims.push(Number(d));
    else if (f.number === 2) t.type = intOf(f);
    else if (f.number === 3) throw new OnnxError("a tensor in segments is not supported");
    else if (f.number === 4) fixed.push(fixedOf(f, 4));
    else if (f.number === 5 || f.number === 7 || f.number === 11) for (const x of bigsOf(f)) integers.push(x);
    else if (f.number === 6) strings.push(bytesOf(f));
    else if (f.number === 8) t.name = textOf(f);
    else if (f.number === 9) raw = bytesOf(f);
    else if (f.number === 10) fixed.push(fixedOf(f, 8));
    else if (f.number === 13) readEntry(f, entries);
    else if (f.number === 14) isExternal = intOf(f) === 1;
  }
  if (fixed.length > MAX_PARTS) throw new OnnxError(`tensor ${JSON.stringify(t.name)} comes in ${fixed.length} parts`);
  raw ??= fixed.length > 1 ? Uint8Array.from(fixed.flatMap((part) => [...part])) : fixed[0];
  return { ...t, dims, integers, raw, strings, external: isExternal ? externalOf(entries, t.name) : undefined };
}

function readEntry(field: Field, entries: Map<string, string>): void {
  const entry = { key: "", value: "" };
  for (const f of inside(field, "StringStringEntryProto")) {
    if (f.number === 1) entry.key = textOf(f);
    else if (f.number === 2) entry.value = textOf(f);
  }
  entries.set(entry.key, entry.value);
}

function externalOf(entries: ReadonlyMap<string, string>, tensor: string): ExternalData {
  const number = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^\d{1,15}$/.test(text))
      throw new OnnxError(`tensor ${JSON.stringify(tensor)}: external data has ${key} ${JSON.stringify(text)}`);
    return value;
  };
  return { location: entries.get("location") ?? "", offset: number("offset") ?? 0, length: number("length") };
}
