/** Element types of ONNX tensors, and tensors whose contents are known at import. */
import type { Dtype } from "@opengradient/program";
import { OnnxError } from "./errors.ts";
import type { TensorProto } from "./model.ts";

/** bool is stored as u8 0/1; i64 as i32, range-checked */
export type ElementType = "f32" | "i32" | "i8" | "u8" | "bool" | "i64";

const DTYPES: Record<ElementType, Dtype> = { f32: 0, i32: 1, i8: 2, u8: 3, bool: 3, i64: 1 };
export const dtypeOf = (type: ElementType): Dtype => DTYPES[type];
export const widthOf = (type: ElementType): number => (DTYPES[type] < 2 ? 4 : 1);

/** A tensor that is known at import; may have no elements. */
export type Constant = {
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** little-endian, in the width of its dtype. i64 values beyond 32 bits are only in `wide` */
  readonly data: Uint8Array;
  /** the exact values of an i64 tensor */
  readonly wide?: readonly bigint[];
};

/** TensorProto.DataType → our type */
const SUPPORTED = new Map<number, ElementType>([
  [1, "f32"],
  [2, "u8"],
  [3, "i8"],
  [6, "i32"],
  [7, "i64"],
  [9, "bool"],
]);
const NAMES =
  "undefined float uint8 int8 uint16 int16 int32 int64 string bool float16 double uint32 uint64 complex64 complex128 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2".split(
    " ",
  );

/** @throws OnnxError naming the type when there is no support for it */
export function elementType(onnxType: number, what: string): ElementType {
  const type = SUPPORTED.get(onnxType);
  if (type === undefined)
    throw new OnnxError(`${what} has element type ${NAMES[onnxType] ?? onnxType}, which is not supported`);
  return type;
}

export const elementsOf = (dims: readonly number[]): number => dims.reduce((product, d) => product * d, 1);

export const MAX_ELEMENTS = 0x40000000;
/** Steps that computing a constant at import may take, and elements of an int64 constant. */
export const MAX_IMPORT_STEPS = 0x1000000;

/** @throws OnnxError when dimensions are negative or multiply to more than 2^30 */
export function checkDims(dims: readonly number[], what: string): void {
  for (const d of dims) if (!Number.isSafeInteger(d) || d < 0) throw new OnnxError(`${what} has a dimension of ${d}`);
  if (elementsOf(dims) > MAX_ELEMENTS) throw new OnnxError(`${what} [${dims}] has more than 2^30 elements`);
  if (dims.length > 64) throw new OnnxError(`${what} has ${dims.length} dimensions`);
}

/** @throws OnnxError for unsupported types, data kept in other files, and data of the wrong length */
export function constantOf(tensor: TensorProto): Constant {
  const what = `tensor ${JSON.stringify(tensor.name)}`;
  const type = elementType(tensor.type, what);
  checkDims(tensor.dims, what);
  if (tensor.external) throw new OnnxError(`${what} keeps its data in another file, which is not supported`);
  const elements = elementsOf(tensor.dims);
  const width = type === "i64" ? 8 : widthOf(type);
  if (tensor.raw !== undefined) {
    if (tensor.raw.length !== elements * width)
      throw new OnnxError(`${what} [${tensor.dims}] needs ${elements * width} bytes and has ${tensor.raw.length}`);
    if (type !== "i64") return { type, dims: tensor.dims, data: new Uint8Array(tensor.raw) };
    const view = new DataView(tensor.raw.buffer, tensor.raw.byteOffset, tensor.raw.length);
    return fromBigInts(
      Array.from({ length: elements }, (_, i) => view.getBigInt64(8 * i, true)),
      tensor.dims,
    );
  }
  if (tensor.integers.length !== elements || type === "f32")
    throw new OnnxError(
      `${what} [${tensor.dims}] needs ${elements} values and has ${type === "f32" ? 0 : tensor.integers.length}`,
    );
  if (type === "i64") return fromBigInts(tensor.integers, tensor.dims);
  const data = new Uint8Array(elements * width);
  const view = new DataView(data.buffer);
  tensor.integers.forEach((value, i) => {
    if (width === 4) view.setInt32(4 * i, Number(BigInt.asIntN(32, value)), true);
    else view.setUint8(i, Number(BigInt.asUintN(8, value)));
  });
  return { type, dims: tensor.dims, data };
}

/** An i64 constant. */
export function fromBigInts(wide: readonly bigint[], dims: readonly number[]): Constant {
  const data = new Uint8Array(4 * wide.length);
  const view = new DataView(data.buffer);
  for (const [i, value] of wide.entries()) view.setInt32(4 * i, Number(BigInt.asIntN(32, value)), true);
  return { type: "i64", dims, data, wide };
}

export const fromInts = (values: readonly number[]): Constant => fromBigInts(values.map(BigInt), [values.length]);

export function fromFloats(values: readonly number[], dims: readonly number[]): Constant {
  const data = new Uint8Array(4 * values.length);
  const view = new DataView(data.buffer);
  for (const [i, value] of values.entries()) view.setFloat32(4 * i, value, true);
  return { type: "f32", dims, data };
}

/** The numbers of a constant of any type. i64 values beyond ±2^53 lose their low bits. */
export function numbersOf(constant: Constant): number[] {
  const view = new DataView(constant.data.buffer, constant.data.byteOffset, constant.data.length);
  const count = constant.data.length / widthOf(constant.type);
  return Array.from({ length: count }, (_, i) => {
    if (constant.wide !== undefined) return Number(constant.wide[i]);
    if (constant.type === "f32") return view.getFloat32(4 * i, true);
    if (constant.type === "i8") return view.getInt8(i);
    if (widthOf(constant.type) === 1) return view.getUint8(i);
    return view.getInt32(4 * i, true);
  });
}

/** Whether the i64 values fit in the 32-bit words that hold them. */
export const fits = (constant: Constant): boolean =>
  constant.wide === undefined || constant.wide.every((v) => v === BigInt.asIntN(32, v));
