/** Rounding an f32 to a narrower format, by integer code. */
import type { Expr } from "@opengradient/program";
import type { FloatFormat } from "./formats.ts";
import { and, fabs, fadd, feq, fle, float, flt, fsub, iadd, int, or, select, shr, word } from "./scalar.ts";

const NAN = word(0x7fc00000);
const SIGN = word(0x80000000);

/** What becomes of values beyond the greatest: it, or infinity (NaN where there is none). */
export type Overflow = "saturate" | "infinity";

/**
 * The nearest number of the format, ties to even, held as f32. NaN stays, or becomes 0 where the format has none.
 * At least the format's least normal number, the significand is cut in the bits; below it, adding a power of two rounds.
 */
export function roundTo(x: Expr, format: FloatFormat, overflow: Overflow): Expr {
  const { greatest, infinite, signedZero } = format;
  const rounded = nearest(fabs(x), format);
  const beyond = overflow === "saturate" ? float(greatest) : infinite ? word(0x7f800000) : NAN;
  const limited = select(fle(rounded, float(greatest)), rounded, beyond);
  const sign = and(x, SIGN);
  const signed = or(limited, signedZero ? sign : select(feq(limited, float(0)), int(0), sign));
  const canBeNaN = overflow === "infinity" && !infinite;
  const result = canBeNaN ? select(feq(limited, limited), signed, NAN) : signed;
  return select(feq(x, x), result, format.nan ? NAN : float(0));
}

/** Of numbers from 0, greater ones than the format's included. */
function nearest(size: Expr, { mantissa, least }: FloatFormat): Expr {
  const drop = 23 - mantissa;
  const odd = and(shr(size, int(drop)), int(1));
  const normal = and(iadd(iadd(size, int((1 << (drop - 1)) - 1)), odd), int(-1 << drop));
  if (least === -126) return normal;
  const anchor = int((least - mantissa + 23 + 127) << 23);
  return select(flt(size, int((least + 127) << 23)), fsub(fadd(size, anchor), anchor), normal);
}
