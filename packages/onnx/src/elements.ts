/** Element types of tensors, and tensors whose contents are known at import. */
import type { Dtype } from "@opengradient/program";
import { OnnxError } from "./errors.ts";
import { type Format, formatOf } from "./formats.ts";
import type { ExternalData, TensorProto } from "./model.ts";

/** bool is stored as u8 0/1; 16-bit integers as i32 words; 64-bit ones as their low 32 bits, range-checked at the door. */
export type ElementType = "f32" | "i32" | "u32" | "i16" | "u16" | "i8" | "u8" | "bool" | "i64" | "u64";

const DTYPES: Record<ElementType, Dtype> = {
  f32: 0,
  i32: 1,
  u32: 1,
  i16: 1,
  u16: 1,
  i8: 2,
  u8: 3,
  bool: 3,
  i64: 1,
  u64: 1,
};
export const dtypeOf = (type: ElementType): Dtype => DTYPES[type];
export const widthOf = (type: ElementType): number => (DTYPES[type] < 2 ? 4 : 1);
/** Whether elements are exact only in `wide`. */
export const isWide = (type: ElementType): type is "i64" | "u64" => type === "i64" || type === "u64";

/** A tensor that is known at import; may have no elements. */
export type Constant = {
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** little-endian, in the width of its dtype. Values of 64-bit integers beyond 32 bits are only in `wide` */
  readonly data: Uint8Array;
  /** the exact values of an i64 or u64 tensor */
  readonly wide?: readonly bigint[];
  /** what the file holds, where that is another type than `type` */
  readonly format?: Format;
};

export const elementsOf = (dims: readonly number[]): number => dims.reduce((product, d) => product * d, 1);

export const MAX_ELEMENTS = 0x40000000;
/** Steps that computing a constant at import may take, and elements of a 64-bit integer constant. */
export const MAX_IMPORT_STEPS = 0x400000;

/** @throws OnnxError when dimensions are negative or multiply to more than 2^30 */
export function checkDims(dims: readonly number[], what: string): void {
  if (dims.length > 64) throw new OnnxError(`${what} has ${dims.length} dimensions`);
  for (const d of dims) if (!Number.isSafeInteger(d) || d < 0) throw new OnnxError(`${what} has a dimension of ${d}`);
  if (elementsOf(dims) > MAX_ELEMENTS) throw new OnnxError(`${what} [${dims}] has more than 2^30 elements`);
}

/** The format to remember beside the type: none where the type says it all. */
export const beside = (format: Format): Format | undefined =>
  format.type === "f32" ? (format.name === "float" ? undefined : format) : format.bits < 8 ? format : undefined;

/** The bytes of a file that lies beside the model. */
export type ReadExternal = (external: ExternalData) => Uint8Array;

/** @throws OnnxError for unsupported types, data of the wrong length, and data in other files when nothing reads them */
export function constantOf(tensor: TensorProto, read?: ReadExternal): Constant {
  const what = `tensor ${JSON.stringify(tensor.name)}`;
  const format = formatOf(tensor.type, what);
  checkDims(tensor.dims, what);
  const elements = elementsOf(tensor.dims);
  const bytes = Math.ceil((elements * format.bits) / 8);
  const raw = tensor.external ? external(tensor.external, what, read) : tensor.raw;
  if (raw === undefined) return fromIntegers(tensor, format, what);
  if (raw.length !== bytes) throw new OnnxError(`${what} [${tensor.dims}] needs ${bytes} bytes and has ${raw.length}`);
  if (isWide(format.type)) return fromBigInts(wideFrom(raw, format.type), tensor.dims, format.type);
  if (dataIsRaw(format)) return { type: format.type, dims: tensor.dims, data: new Uint8Array(raw) };
  return fromNumbers(unpack(raw, format, elements), tensor.dims, format);
}

function external(data: ExternalData, what: string, read: ReadExternal | undefined): Uint8Array {
  if (read === undefined) throw new OnnxError(`${what} keeps its data in another file, which is not at hand`);
  try {
    return read(data);
  } catch (cause) {
    if (cause instanceof OnnxError) throw new OnnxError(`${what}: ${cause.reason}`);
    throw cause;
  }
}

/** int32_data, int64_data, uint64_data: a value each, or a byte of packed ones each. */
function fromIntegers({ integers, dims }: TensorProto, format: Format, what: string): Constant {
  const { type, bits, decode = (b: number) => b } = format;
  const elements = elementsOf(dims);
  const needed = bits < 8 ? Math.ceil((elements * bits) / 8) : elements;
  const given = type === "f32" && format.decode === undefined ? 0 : integers.length;
  if (given !== needed) throw new OnnxError(`${what} [${dims}] needs ${needed} values and has ${given}`);
  if (isWide(type)) return fromBigInts(integers, dims, type);
  const low = (width: number) => (value: bigint) => Number(BigInt.asUintN(width, value));
  const numbers =
    bits < 8 ? unpack(Uint8Array.from(integers, low(8)), format, elements) : integers.map(low(bits)).map(decode);
  return fromNumbers(numbers, dims, format);
}

/** Whether the file's bytes are the elements. */
const dataIsRaw = ({ type, bits, decode }: Format): boolean =>
  bits === 8 * widthOf(type) && (decode === undefined || type !== "f32");

function wideFrom(raw: Uint8Array, type: "i64" | "u64"): bigint[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const read = (i: number) => (type === "i64" ? view.getBigInt64(8 * i, true) : view.getBigUint64(8 * i, true));
  return Array.from({ length: raw.length / 8 }, (_, i) => read(i));
}

/** Elements of less than a byte lie in it from the low bits up. */
function unpack(raw: Uint8Array, { bits, decode = (b) => b }: Format, elements: number): number[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const each = (i: number): number => {
    if (bits === 64) return view.getFloat64(8 * i, true);
    if (bits === 16) return view.getUint16(2 * i, true);
    return (raw[(i * bits) >> 3]! >> ((i * bits) & 7)) & ((1 << bits) - 1);
  };
  return Array.from({ length: elements }, (_, i) => decode(each(i)));
}

function fromNumbers(numbers: readonly number[], dims: readonly number[], format: Format): Constant {
  const { type } = format;
  const width = widthOf(type);
  const data = new Uint8Array(numbers.length * width);
  const view = new DataView(data.buffer);
  for (const [i, value] of numbers.entries()) {
    if (type === "f32") view.setFloat32(4 * i, value, true);
    else if (width === 4) view.setInt32(4 * i, value, true);
    else data[i] = value;
  }
  const held = beside(format);
  return { type, dims, data, ...(held && { format: held }) };
}

/** Numbers as a constant of an ONNX type. @throws OnnxError when an integer type does not hold one of them */
export function constantFromNumbers(onnxType: number, numbers: readonly number[], dims: readonly number[]): Constant {
  const format = formatOf(onnxType, "a constant");
  if (format.type === "f32") return fromNumbers(numbers, dims, format);
  const bits = Math.min(format.name === "bool" ? 1 : format.bits, 53);
  const isSigned = format.name.startsWith("int");
  const [least, beyond] = isSigned ? [-(2 ** (bits - 1)), 2 ** (bits - 1)] : [0, 2 ** bits];
  for (const value of numbers)
    if (!Number.isInteger(value) || value < least || value >= beyond)
      throw new OnnxError(`${value} is not of type ${format.name}`);
  if (isWide(format.type)) return fromBigInts(numbers.map(BigInt), dims, format.type);
  return fromNumbers(numbers, dims, format);
}

/** A constant of 64-bit integers. */
export function fromBigInts(wide: readonly bigint[], dims: readonly number[], type: "i64" | "u64" = "i64"): Constant {
  const data = new Uint8Array(4 * wide.length);
  const view = new DataView(data.buffer);
  for (const [i, value] of wide.entries()) view.setInt32(4 * i, Number(BigInt.asIntN(32, value)), true);
  return { type, dims, data, wide };
}

export const fromInts = (values: readonly number[]): Constant => fromBigInts(values.map(BigInt), [values.length]);

export function fromFloats(values: readonly number[], dims: readonly number[]): Constant {
  const data = new Uint8Array(4 * values.length);
  const view = new DataView(data.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(4 * i, value, true);
  return { type: "f32", dims, data };
}

/** The numbers of a constant of any type. 64-bit values beyond ±2^53 lose their low bits. */
export function numbersOf(constant: Constant): number[] {
  const view = new DataView(constant.data.buffer, constant.data.byteOffset, constant.data.length);
  const count = constant.data.length / widthOf(constant.type);
  return Array.from({ length: count }, (_, i) => {
    if (constant.wide !== undefined) return Number(constant.wide[i]);
    if (constant.type === "f32") return view.getFloat32(4 * i, true);
    if (constant.type === "i8") return view.getInt8(i);
    if (widthOf(constant.type) === 1) return view.getUint8(i);
    return constant.type === "u32" || constant.type === "u64"
      ? view.getUint32(4 * i, true)
      : view.getInt32(4 * i, true);
  });
}

/** Whether 64-bit values fit in the 32-bit words that hold them. */
export const fits = ({ wide, type }: Constant): boolean =>
  wide === undefined || wide.every((v) => v === (type === "u64" ? BigInt.asUintN(32, v) : BigInt.asIntN(32, v)));
