/** ONNX's element types, and what each is held as here. */
import { dtypeOf, type ElementType } from "./elements.ts";
import { OnnxError } from "./errors.ts";

/** A binary floating-point format narrower than f32. Its values are held as the f32 that equals them. */
export type FloatFormat = {
  /** stored bits of the significand */
  readonly mantissa: number;
  /** exponent of the least normal number: below it, steps stay as they are */
  readonly least: number;
  readonly greatest: number;
  readonly infinite: boolean;
  readonly nan: boolean;
  /** whether −0 is apart from 0 */
  readonly signedZero: boolean;
};

export type Format = {
  /** as ONNX calls it */
  readonly name: string;
  /** what its elements are held as */
  readonly type: ElementType;
  readonly bits: number;
  readonly float?: FloatFormat;
  /** an element from its bits, where they are not those of `type` */
  readonly decode?: (bits: number) => number;
};

const word = new DataView(new ArrayBuffer(4));
function fromBits(bits: number): number {
  word.setUint32(0, bits);
  return word.getFloat32(0);
}
const powerOfTwo = (n: number): number => fromBits((n + 127) << 23);

type Layout = { readonly bits: number; readonly mantissa: number; readonly bias: number };
/** What the greatest exponent and −0 hold: IEEE's infinities, NaN in one pattern, NaN in the place of −0, nothing. */
type Specials = "ieee" | "fn" | "fnuz" | "none";

function minifloat(name: string, { bits, mantissa, bias }: Layout, specials: Specials): Format {
  const top = (1 << (bits - 1 - mantissa)) - 1;
  const decode = (all: number): number => {
    const sign = all >> (bits - 1) ? -1 : 1;
    const exponent = (all >> mantissa) & top;
    const fraction = all & ((1 << mantissa) - 1);
    if (specials === "fnuz" && all === 1 << (bits - 1)) return Number.NaN;
    if (exponent === top && specials === "ieee") return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    if (exponent === top && specials === "fn" && fraction === (1 << mantissa) - 1) return Number.NaN;
    const step = powerOfTwo(Math.max(exponent, 1) - bias - mantissa);
    return sign * step * (exponent === 0 ? fraction : fraction + (1 << mantissa));
  };
  // the greatest pattern below infinity and NaN
  const greatest = (1 << (bits - 1)) - 1 - (specials === "ieee" ? 1 << mantissa : specials === "fn" ? 1 : 0);
  const float: FloatFormat = {
    mantissa,
    least: 1 - bias,
    greatest: decode(greatest),
    infinite: specials === "ieee",
    nan: specials !== "none",
    signedZero: specials !== "fnuz",
  };
  return { name, type: "f32", bits, float, decode };
}

/** Powers of two and NaN. */
const FLOAT8E8M0: Format = {
  name: "float8e8m0",
  type: "f32",
  bits: 8,
  decode: (bits) => (bits === 255 ? Number.NaN : bits === 0 ? fromBits(0x00400000) : powerOfTwo(bits - 127)),
};
const BFLOAT16: Format = {
  name: "bfloat16",
  type: "f32",
  bits: 16,
  float: {
    mantissa: 7,
    least: -126,
    greatest: fromBits(0x7f7f0000),
    infinite: true,
    nan: true,
    signedZero: true,
  },
  decode: (bits) => fromBits((bits << 16) >>> 0),
};

const unsigned = (name: string, type: ElementType, bits: number): Format => ({ name, type, bits });
const signed = (name: string, type: ElementType, bits: number): Format => ({
  name,
  type,
  bits,
  decode: (value) => (value << (32 - bits)) >> (32 - bits),
});

/** By TensorProto.DataType. */
const FORMATS = new Map<number, Format>([
  [1, { name: "float", type: "f32", bits: 32 }],
  [2, unsigned("uint8", "u8", 8)],
  [3, signed("int8", "i8", 8)],
  [4, unsigned("uint16", "u16", 16)],
  [5, signed("int16", "i16", 16)],
  [6, signed("int32", "i32", 32)],
  [7, { name: "int64", type: "i64", bits: 64 }],
  [9, unsigned("bool", "bool", 8)],
  [10, minifloat("float16", { bits: 16, mantissa: 10, bias: 15 }, "ieee")],
  [11, { name: "double", type: "f32", bits: 64 }],
  [12, unsigned("uint32", "u32", 32)],
  [13, { name: "uint64", type: "u64", bits: 64 }],
  [16, BFLOAT16],
  [17, minifloat("float8e4m3fn", { bits: 8, mantissa: 3, bias: 7 }, "fn")],
  [18, minifloat("float8e4m3fnuz", { bits: 8, mantissa: 3, bias: 8 }, "fnuz")],
  [19, minifloat("float8e5m2", { bits: 8, mantissa: 2, bias: 15 }, "ieee")],
  [20, minifloat("float8e5m2fnuz", { bits: 8, mantissa: 2, bias: 16 }, "fnuz")],
  [21, unsigned("uint4", "u8", 4)],
  [22, signed("int4", "i8", 4)],
  [23, minifloat("float4e2m1", { bits: 4, mantissa: 1, bias: 1 }, "none")],
  [24, FLOAT8E8M0],
  [25, unsigned("uint2", "u8", 2)],
  [26, signed("int2", "i8", 2)],
]);
const WITHOUT = new Map([
  [0, "undefined"],
  [8, "string"],
  [14, "complex64"],
  [15, "complex128"],
]);

/** @throws OnnxError naming the type when nothing here can hold it */
export function formatOf(onnxType: number, what: string): Format {
  const format = FORMATS.get(onnxType);
  if (format === undefined)
    throw new OnnxError(`${what} has element type ${WITHOUT.get(onnxType) ?? onnxType}, which is not supported`);
  return format;
}

export const elementType = (onnxType: number, what: string): ElementType => formatOf(onnxType, what).type;

/** The format that a value of our `type` has when nothing else is known of it. */
export const plainFormat = (type: ElementType): Format =>
  [...FORMATS.values()].find((format) => format.type === type && format.bits >= BITS[type])!;

const BITS: Record<ElementType, number> = {
  f32: 32,
  i32: 32,
  u32: 32,
  i16: 16,
  u16: 16,
  i8: 8,
  u8: 8,
  bool: 8,
  i64: 64,
  u64: 64,
};
export const bitsOf = (type: ElementType): number => BITS[type];

const DTYPE_NAMES = ["f32", "i32", "i8", "u8"] as const;

/** Every element type that is imported, by ONNX's name, with the Program's type that holds it. */
export const elementTypes = (): readonly { readonly name: string; readonly held: string }[] =>
  [...FORMATS.values()].map(({ name, type }) => ({ name, held: DTYPE_NAMES[dtypeOf(type)] }));
