/** ONNX files written by hand, as far as the bench needs them. */

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];

const join = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const number = (field: number, value: number): Uint8Array => Uint8Array.from([...varint(field * 8), ...varint(value)]);
const float = (field: number, value: number): Uint8Array =>
  join([Uint8Array.from(varint(field * 8 + 5)), new Uint8Array(Float32Array.of(value).buffer)]);
const message = (field: number, parts: readonly Uint8Array[]): Uint8Array => {
  const content = join(parts);
  return join([Uint8Array.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
};
const text = (field: number, value: string): Uint8Array => message(field, [new TextEncoder().encode(value)]);

/** TensorProto.DataType */
const TYPES = { f32: 1, u8: 2, i8: 3, i32: 6 } as const;

export type Initializer = {
  readonly name: string;
  readonly type: keyof typeof TYPES;
  readonly dims: readonly number[];
  readonly data: ArrayBufferView;
};

export type Attribute = number | readonly number[] | { readonly float: number };

export type GraphNode = {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
};

export type Port = { readonly name: string; readonly dims: readonly number[] };

export type Graph = {
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Port[];
  /** f32; their shapes follow */
  readonly outputs: readonly string[];
};

/** AttributeProto.AttributeType: 1 float, 2 int, 7 ints */
function attribute(name: string, value: Attribute): Uint8Array {
  if (typeof value === "number") return message(5, [text(1, name), number(3, value), number(20, 2)]);
  if ("float" in value) return message(5, [text(1, name), float(2, value.float), number(20, 1)]);
  return message(5, [text(1, name), ...value.map((one) => number(8, one)), number(20, 7)]);
}

const node = ({ operator, inputs, outputs, attributes }: GraphNode): Uint8Array =>
  message(1, [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(3, outputs[0]!),
    text(4, operator),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  ]);

const initializer = ({ name, type, dims, data }: Initializer): Uint8Array =>
  message(5, [
    ...dims.map((dim) => number(1, dim)),
    number(2, TYPES[type]),
    text(8, name),
    message(9, [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]),
  ]);

function input({ name, dims }: Port): Uint8Array {
  const shape = dims.map((dim) => message(1, [number(1, dim)]));
  return message(11, [text(1, name), message(2, [message(1, [number(1, TYPES.f32), message(2, shape)])])]);
}

/** An opset 13 model with f32 inputs. */
export const modelFile = ({ nodes, initializers, inputs, outputs }: Graph): Uint8Array =>
  join([
    number(1, 8),
    message(7, [
      ...nodes.map(node),
      text(2, "bench"),
      ...initializers.map(initializer),
      ...inputs.map(input),
      ...outputs.map((name) => message(12, [text(1, name), message(2, [message(1, [number(1, TYPES.f32)])])])),
    ]),
    message(8, [number(2, 13)]),
  ]);

export type Matmul = { readonly m: number; readonly k: number; readonly n: number };

/** `A` [m, k] times `B` [k, n]; with `weight`, that is B, else B is the second input. */
export function matmulFile({ m, k, n }: Matmul, weight?: Float32Array): Uint8Array {
  const [a, b] = [
    { name: "A", dims: [m, k] },
    { name: "B", dims: [k, n] },
  ];
  return modelFile({
    nodes: [{ operator: "MatMul", inputs: ["A", "B"], outputs: ["C"], attributes: {} }],
    initializers: weight ? [{ ...b, type: "f32", data: weight }] : [],
    inputs: weight ? [a] : [a, b],
    outputs: ["C"],
  });
}
