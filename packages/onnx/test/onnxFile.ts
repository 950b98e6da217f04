/** Writes ONNX files for tests: a wire format writer of its own, so that the reader is not tested against itself. */

const varint = (value: number | bigint): number[] => {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  for (; rest >= 128n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  return [...out, Number(rest)];
};
const integer = (field: number, value: number | bigint): number[] => [...varint(field << 3), ...varint(value)];
export const chunk = (field: number, bytes: ArrayLike<number>): number[] => [
  ...varint((field << 3) | 2),
  ...varint(bytes.length),
  ...Array.from(bytes),
];
const text = (field: number, value: string): number[] => chunk(field, new TextEncoder().encode(value));
const f32 = (field: number, value: number): number[] => [
  ...varint((field << 3) | 5),
  ...new Uint8Array(Float32Array.of(value).buffer),
];

/** TensorProto.DataType */
export const TYPE = {
  f32: 1,
  u8: 2,
  i8: 3,
  u16: 4,
  i16: 5,
  i32: 6,
  i64: 7,
  bool: 9,
  f16: 10,
  f64: 11,
  u32: 12,
  u64: 13,
  complex64: 14,
  bf16: 16,
  f8e4m3fn: 17,
  f8e4m3fnuz: 18,
  f8e5m2: 19,
  f8e5m2fnuz: 20,
  i4: 22,
  f4e2m1: 23,
} as const;
export type TypeName = keyof typeof TYPE;

export type TensorFacts = { name?: string; type?: TypeName; dims: readonly number[]; values: readonly number[] };

/** Of 16-bit and narrower floats, and of complex numbers, `values` are the bits. */
const bytes = (v: readonly number[]) => Uint8Array.from(v).buffer;
const PACK: Record<TypeName, (values: readonly number[]) => ArrayBuffer> = {
  f32: (v) => Float32Array.from(v).buffer,
  u8: bytes,
  i8: (v) => Int8Array.from(v).buffer,
  i32: (v) => Int32Array.from(v).buffer,
  i64: (v) => BigInt64Array.from(v, BigInt).buffer,
  bool: bytes,
  f16: (v) => Uint16Array.from(v).buffer,
  bf16: (v) => Uint16Array.from(v).buffer,
  f64: (v) => Float64Array.from(v).buffer,
  u16: (v) => Uint16Array.from(v).buffer,
  i16: (v) => Int16Array.from(v).buffer,
  u32: (v) => Uint32Array.from(v).buffer,
  u64: (v) => BigUint64Array.from(v, BigInt).buffer,
  complex64: bytes,
  f8e4m3fn: bytes,
  f8e4m3fnuz: bytes,
  f8e5m2: bytes,
  f8e5m2fnuz: bytes,
  i4: bytes,
  f4e2m1: bytes,
};

export const tensorBytes = ({ name = "", type = "f32", dims, values }: TensorFacts): number[] => [
  ...dims.flatMap((d) => integer(1, d)),
  ...integer(2, TYPE[type]),
  ...text(8, name),
  ...chunk(9, new Uint8Array(PACK[type](values))),
];

export type AttributeValue =
  | number
  | { float: number }
  | { floats: readonly number[] }
  | { texts: readonly string[] }
  | { graph: GraphFacts }
  /** names an attribute of the function around */
  | { reference: string }
  | string
  | readonly number[]
  | TensorFacts;

function attribute(name: string, value: AttributeValue): number[] {
  if (typeof value === "number") return [...text(1, name), ...integer(3, value), ...integer(20, 2)];
  if (typeof value === "string") return [...text(1, name), ...text(4, value), ...integer(20, 3)];
  if ("float" in value) return [...text(1, name), ...f32(2, value.float), ...integer(20, 1)];
  if ("floats" in value) return [...text(1, name), ...value.floats.flatMap((v) => f32(7, v)), ...integer(20, 6)];
  if ("texts" in value) return [...text(1, name), ...value.texts.flatMap((v) => text(9, v)), ...integer(20, 8)];
  if ("graph" in value) return [...text(1, name), ...chunk(6, graph(value.graph)), ...integer(20, 5)];
  if ("reference" in value) return [...text(1, name), ...text(21, value.reference), ...integer(20, 2)];
  if ("dims" in value) return [...text(1, name), ...chunk(5, tensorBytes(value)), ...integer(20, 4)];
  return [...text(1, name), ...value.flatMap((v) => integer(8, v)), ...integer(20, 7)];
}

export type NodeFacts = {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  name?: string;
  domain?: string;
  attributes?: Readonly<Record<string, AttributeValue>>;
};

const node = ({ op, inputs, outputs, name = "", domain = "", attributes = {} }: NodeFacts): number[] => [
  ...inputs.flatMap((i) => text(1, i)),
  ...outputs.flatMap((o) => text(2, o)),
  ...text(3, name),
  ...text(4, op),
  ...Object.entries(attributes).flatMap(([key, value]) => chunk(5, attribute(key, value))),
  ...text(7, domain),
];

export type PortFacts = { name: string; type?: TypeName; dims?: readonly (number | string)[] };

function port({ name, type = "f32", dims }: PortFacts): number[] {
  const dimension = (d: number | string): number[] => chunk(1, typeof d === "number" ? integer(1, d) : text(2, d));
  const shape = dims === undefined ? [] : chunk(2, dims.flatMap(dimension));
  return [...text(1, name), ...chunk(2, chunk(1, [...integer(1, TYPE[type]), ...shape]))];
}

export type GraphFacts = {
  inputs?: readonly PortFacts[];
  weights?: readonly (TensorFacts & { name: string })[];
  nodes: readonly NodeFacts[];
  outputs: readonly PortFacts[];
};

const graph = ({ inputs = [], weights = [], nodes, outputs }: GraphFacts): number[] => [
  ...nodes.flatMap((n) => chunk(1, node(n))),
  ...text(2, "test"),
  ...weights.flatMap((w) => chunk(5, tensorBytes(w))),
  ...inputs.flatMap((p) => chunk(11, port(p))),
  ...outputs.flatMap((p) => chunk(12, port(p))),
];

const opsetBytes = (field: number, domain: string, version: number): number[] =>
  chunk(field, [...text(1, domain), ...integer(2, version)]);

export type FunctionFacts = {
  name: string;
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: readonly string[];
  defaults?: Readonly<Record<string, AttributeValue>>;
  nodes: readonly NodeFacts[];
  opset?: number;
};

const functionBytes = (f: FunctionFacts): number[] => [
  ...text(1, f.name),
  ...f.inputs.flatMap((name) => text(4, name)),
  ...f.outputs.flatMap((name) => text(5, name)),
  ...(f.attributes ?? []).flatMap((name) => text(6, name)),
  ...f.nodes.flatMap((n) => chunk(7, node(n))),
  ...opsetBytes(9, "", f.opset ?? 21),
  ...text(10, f.domain),
  ...Object.entries(f.defaults ?? {}).flatMap(([key, value]) => chunk(11, attribute(key, value))),
];

export type ModelFacts = GraphFacts & {
  opset?: number;
  /** other operator sets, in version 1 */
  domains?: readonly string[];
  functions?: readonly FunctionFacts[];
};

export const modelBytes = ({ opset = 21, domains = [], functions = [], ...facts }: ModelFacts): Uint8Array =>
  Uint8Array.from([
    ...integer(1, 10),
    ...chunk(7, graph(facts)),
    ...opsetBytes(8, "", opset),
    ...domains.flatMap((domain) => opsetBytes(8, domain, 1)),
    ...functions.flatMap((f) => chunk(25, functionBytes(f))),
  ]);

export type NodeOptions = {
  readonly opset?: number;
  readonly domain?: string;
  /** of the outputs */
  readonly type?: TypeName;
  /** of each, where they differ */
  readonly types?: readonly TypeName[];
  readonly outputs?: number;
  /** inputs that are constants of the file */
  readonly bound?: readonly number[];
};

/** A model of one node: its inputs are x0, x1, …, its outputs y0, y1, … */
export function oneNode(
  op: string,
  inputs: readonly (TensorFacts | undefined)[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  { opset = 21, domain = "", type = "f32", types = [], outputs = types.length || 1, bound = [] }: NodeOptions = {},
): Uint8Array {
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const named = inputs.map((tensor, i) => (tensor === undefined ? undefined : { ...tensor, name: `x${i}` }));
  return modelBytes({
    opset,
    domains: domain === "" ? [] : [domain],
    inputs: named.flatMap((t, i) => (t === undefined || bound.includes(i) ? [] : [t])),
    weights: named.flatMap((t, i) => (t !== undefined && bound.includes(i) ? [t] : [])),
    nodes: [{ op, domain, inputs: named.map((t) => t?.name ?? ""), outputs: names, attributes, name: `the ${op}` }],
    outputs: names.map((name, i) => ({ name, type: types[i] ?? type })),
  });
}
