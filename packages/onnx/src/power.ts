/** x^y in primitive instructions. Errors: docs/spec/accuracy.md. */
import type { Expr } from "@opengradient/program";
import { fastSum, type Pair, product } from "./pairs.ts";
import {
  and,
  f2i,
  fabs,
  fadd,
  fdiv,
  feq,
  ffloor,
  float,
  flt,
  fmul,
  fsub,
  i2f,
  ilt,
  imul,
  int,
  or,
  sar,
  select,
  shl,
  shr,
  word,
  xor,
} from "./scalar.ts";
import { exponential, LN2_HIGH, LN2_LOW, polynomial, splitExponent } from "./transcendental.ts";

/** of (log m/c − 2s) / s³ in s², s = (m − c)/(m + c), |s| ≤ 0.07, fitted */
const LOG = [0x3f2aaaab, 0x3ecccaa6, 0x3e942c3d].map(word);
/** log 0.8125 and log 1.25; the first parts are multiples of 2^-15, as LN2_HIGH is, so that sums of them are exact */
const LOG_BELOW: Pair = { high: word(0xbe54a000), low: word(0x36161ba9) };
const LOG_ABOVE: Pair = { high: word(0x3e648000), low: word(0xb5838656) };

/** log of a positive number to some 32 bits: exponent·ln 2 + log c + 2s + s³·P(s²), s with its remainder; c is near m. */
function logarithm(x: Expr): Pair {
  const { exponent, m } = splitExponent(x);
  const [isBelow, isAbove] = [flt(m, word(0x3f66c15a)), flt(word(0x3f8f1bbd), m)];
  const among = (below: Expr, above: Expr, middle: Expr): Expr =>
    select(isBelow, below, select(isAbove, above, middle));
  const c = among(float(0.8125), float(1.25), float(1));
  const below = fadd(m, c);
  const lost = fsub(m, fsub(below, c));
  const f = fsub(m, c);
  const s = fdiv(f, below);
  const back = product(s, below);
  const rest = fdiv(fsub(fsub(fsub(f, back.high), back.low), fmul(s, lost)), below);
  const square = fmul(s, s);
  const tail = fadd(fadd(rest, rest), fmul(s, fmul(square, polynomial(square, LOG))));
  const base = fadd(fmul(exponent, LN2_HIGH), among(LOG_BELOW.high, LOG_ABOVE.high, float(0)));
  const baseLow = fadd(fmul(exponent, LN2_LOW), among(LOG_BELOW.low, LOG_ABOVE.low, float(0)));
  const whole = fastSum(base, fadd(s, s));
  return fastSum(whole.high, fadd(whole.low, fadd(tail, baseLow)));
}

/** |x|^y, for |x| ≠ 1 when y is infinite. */
function magnitude(size: Expr, y: Expr): Expr {
  const log = logarithm(size);
  const isOrdinary = and(flt(float(0), size), flt(size, word(0x7f800000)));
  const extreme = select(feq(size, float(0)), float(Number.NEGATIVE_INFINITY), float(Number.POSITIVE_INFINITY));
  const high = select(isOrdinary, log.high, extreme);
  const { high: p, low } = product(y, high);
  const rest = select(flt(fabs(p), float(200)), fadd(low, fmul(y, log.low)), float(0));
  return exponential(p, rest).value;
}

/** As C's pow: 1 for y = 0 and for x = 1, whatever the other; NaN for negative x and y no integer. */
export function pow(x: Expr, y: Expr): Expr {
  const size = fabs(x);
  const whole = feq(y, ffloor(y));
  const odd = and(and(whole, flt(fabs(y), float(0x1000000))), f2i(y));
  const sign = and(x, shl(odd, int(31)));
  const isNegative = and(flt(x, float(0)), flt(size, word(0x7f800000)));
  const undefinedAt = and(isNegative, xor(whole, int(1)));
  const value = or(select(feq(size, float(1)), float(1), magnitude(size, y)), sign);
  const isNumber = and(and(feq(x, x), feq(y, y)), xor(undefinedAt, int(1)));
  const isOne = or(feq(y, float(0)), feq(x, float(1)));
  return select(isOne, float(1), select(isNumber, value, float(Number.NaN)));
}

/** x^n for integers, mod 2^32: exponents from 32 on give what 32 or 33 do for −1, 0 and 1; 1/xⁿ is truncated. */
export function integerPow(x: Expr, n: Expr): Expr {
  const limited = select(ilt(n, int(32)), n, or(and(n, int(1)), int(32)));
  let result = int(1);
  let power = x;
  for (let bit = 0; bit < 6; bit++) {
    result = select(and(shr(limited, int(bit)), int(1)), imul(result, power), result);
    power = imul(power, power);
  }
  const unit = feq(i2f(imul(x, x)), float(1));
  const inverse = select(unit, select(and(n, int(1)), x, int(1)), int(0));
  return select(sar(n, int(31)), inverse, result);
}
