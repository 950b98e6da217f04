import type { Expr } from "@opengradient/program";
import { elementwise, noteWide } from "../broadcast.ts";
import { constant, type Value } from "../builder.ts";
import { type Constant, fromBigInts, isWide, numbersOf } from "../elements.ts";
import { type Format, formatOf, plainFormat } from "../formats.ts";
import { isFloat, kindOfType, type Node } from "../node.ts";
import { register } from "../registry.ts";
import { roundTo } from "../rounding.ts";
import {
  and,
  f2i,
  feq,
  float,
  flt,
  fmul,
  fsub,
  i2f,
  iadd,
  ieq,
  ilt,
  int,
  or,
  sar,
  select,
  shl,
  shr,
  word,
  xor,
} from "../scalar.ts";

const TWO31 = float(0x80000000);

/** Truncation; from 2^31 on the top bit is set apart. Beyond 32 bits it saturates. */
const toWord = (x: Expr, unsigned: boolean): Expr =>
  unsigned ? select(flt(x, TWO31), f2i(x), xor(f2i(fsub(x, TWO31)), int(-0x80000000))) : f2i(x);

/** Unsigned words with the top bit are halved, the lost bit kept as sticky, so that they round once. */
function fromWord(x: Expr, unsigned: boolean): Expr {
  if (!unsigned) return i2f(x);
  const half = or(shr(x, int(1)), and(x, int(1)));
  return select(ilt(x, int(0)), fmul(i2f(half), float(2)), i2f(x));
}

/** Integers of less than 8 bits keep their low bits here, others in the store; `or` makes it no copy to that. */
function cut(x: Expr, { bits, type }: Format): Expr {
  if (bits >= 8) return bits === 16 ? or(x, int(0)) : x;
  return type === "u8" ? and(x, int((1 << bits) - 1)) : sar(shl(x, int(32 - bits)), int(32 - bits));
}

type Target = { readonly format: Format; readonly saturate: boolean; readonly roundMode: string };

/** A power of two: the exponent of what is at least 2^-127, rounded by mode. Negative numbers become NaN. */
function toExponent(x: Expr, mode: string): Expr {
  const step = { up: int(0x7fffff), down: int(0), nearest: int(0x400000) }[mode]!;
  const scaled = and(iadd(x, step), int(0x7f800000));
  const tiny = word(0x00400000);
  const low = select(flt(x, word(0x00800000)), tiny, scaled);
  const finite = select(flt(low, word(0x7f800000)), low, word(0x7f000000));
  return select(flt(x, float(0)), float(Number.NaN), select(feq(x, x), finite, float(Number.NaN)));
}

function toFloat(x: Expr, { format, saturate, roundMode }: Target): Expr {
  if (format.name === "float8e8m0") return toExponent(x, roundMode);
  if (format.float === undefined) return x;
  const narrow = format.bits <= 8;
  return roundTo(x, format.float, narrow && (saturate || format.bits < 8) ? "saturate" : "infinity");
}

/** Between integers the low bits stay; a float is truncated to an integer; anything → bool is "not 0". */
function convert(x: Expr, from: Value, target: Target): Expr {
  const { format } = target;
  if (format.type === "bool") return isFloat(from.type) ? xor(feq(x, float(0)), int(1)) : ieq(ieq(x, int(0)), int(0));
  if (isFloat(from.type)) {
    if (isFloat(format.type)) return toFloat(x, target);
    return cut(toWord(x, kindOfType(format.type) === "unsigned"), format);
  }
  if (!isFloat(format.type)) return cut(x, format);
  return toFloat(fromWord(x, from.type === "u32" || from.type === "u64"), target);
}

/** 64-bit integers beyond 32 bits, and floats that become such. */
function castConstant(value: Constant, to: "i64" | "u64"): Constant | undefined {
  const wide = value.wide ?? numbersOf(value).map((x) => (Number.isFinite(x) ? BigInt(Math.trunc(x)) : undefined));
  return wide.every((x) => x !== undefined) ? fromBigInts(wide, value.dims, to) : undefined;
}

function castTo(node: Node, format: Format): Value {
  const x = node.input(0);
  const target = {
    format,
    saturate: node.int("saturate", 1) !== 0,
    roundMode: node.text("round_mode", "up"),
  };
  if (!["up", "down", "nearest"].includes(target.roundMode)) node.refuse(`round_mode ${target.roundMode}`);
  if ((x.format ?? plainFormat(x.type)) === format) return x;
  const { type } = format;
  if (isFloat(type) && isFloat(x.type) && format.bits >= 32) return { ...x, format };
  if (isWide(type)) {
    const known = node.build.known(x);
    const exact = known && castConstant(known, type);
    if (exact) return constant(exact);
    if (isFloat(x.type)) node.build.note("casts from float to 64-bit integers saturate at 32 bits");
    else noteWide(node, type);
  }
  const y = elementwise(node, type, [x], (value) => convert(value!, x, target));
  return { ...y, format };
}

register("Cast", (node) => castTo(node, formatOf(node.int("to"), "the target")));
register("CastLike", (node) => {
  const like = node.input(1);
  return castTo(node, like.format ?? plainFormat(like.type));
});
