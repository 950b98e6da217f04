/** Exponentials and logarithms in primitive instructions. Errors: docs/spec/accuracy.md. */
import type { Expr } from "@opengradient/program";
import {
  and,
  f2i,
  fabs,
  fadd,
  fdiv,
  feq,
  fle,
  float,
  flt,
  fmax,
  fmin,
  fmul,
  fneg,
  frint,
  fsub,
  i2f,
  iadd,
  int,
  isub,
  or,
  sar,
  select,
  shl,
  word,
} from "./scalar.ts";

/** Σ coefficients[i]·xⁱ, multiplied and added separately, from the highest power down. */
export const polynomial = (x: Expr, coefficients: readonly Expr[]): Expr =>
  coefficients.reduceRight((sum, c) => fadd(fmul(sum, x), c));

const LOG2E = word(0x3fb8aa3b);
/** ln 2 in two parts; the first has few bits, so that n times it is exact */
export const LN2_HIGH = word(0x3f317200);
export const LN2_LOW = word(0x35bfbe8e);
/** of (exp r − 1 − r) / r² on ±ln2/2, fitted */
const EXP = [0x3f000000, 0x3e2aaa45, 0x3d2aaa3e, 0x3c091eeb, 0x3ab6ccb4].map(word);

const powerOfTwo = (n: Expr): Expr => shl(iadd(n, int(127)), int(23));

/** x = n·ln 2 + r with |r| ≤ ln2/2, for |x| within what n·LN2_HIGH is exact for. */
function reduced(x: Expr): { n: Expr; r: Expr } {
  const n = frint(fmul(x, LOG2E));
  return { n: f2i(n), r: fsub(fsub(x, fmul(n, LN2_HIGH)), fmul(n, LN2_LOW)) };
}

/** `size` with the sign of x, also of −0. */
export const withSign = (size: Expr, x: Expr): Expr => fmul(size, or(float(1), and(x, word(0x80000000))));

/** e^r − 1 for |r| ≤ ln2/2; the large term comes last, so that it rounds once. */
const tail = (r: Expr): Expr => fadd(fmul(fmul(r, r), polynomial(r, EXP)), r);

/** Where the exponent is cut, so that two factors 2^n can scale: beyond, the result is 0 or ∞ whatever x is. */
type Range = { readonly least: number; readonly greatest: number };
/** where products with numbers up to 2^60 and the half of e^x are still told apart from 0 and ∞ */
const WIDE: Range = { least: -150, greatest: 90 };

type Exponential = {
  readonly value: Expr;
  /** factor·e^x, rounded once where it is denormal */
  readonly times: (factor: Expr) => Expr;
};

/** e^(x + low) for |low| ≤ 0.06, times 2^shift. NaN for NaN. */
export function exponential(x: Expr, low?: Expr, { least, greatest }: Range = WIDE, shift = 0): Exponential {
  const { n, r } = reduced(fmin(fmax(x, float(least)), float(greatest)));
  const power = shift === 0 ? n : iadd(n, int(shift));
  const half = sar(power, int(1));
  const near = tail(low ? fadd(r, low) : r);
  const scaled = (e: Expr): Expr => fmul(fmul(e, powerOfTwo(half)), powerOfTwo(isub(power, half)));
  const times = (factor: Expr): Expr => scaled(fadd(fmul(near, factor), factor));
  return { value: scaled(fadd(near, float(1))), times };
}

export const exp = (x: Expr): Expr => exponential(x, undefined, { least: -104, greatest: 89 }).value;

/** e^x / 2, which is finite a little longer than e^x. */
export const halfExp = (x: Expr): Expr => exponential(x, undefined, WIDE, -1).value;

/** factor·σ(x + low), σ x = 1/(1 + e^−x); for negative x by e^x, so that small results keep their digits. */
export function timesSigmoid(factor: Expr, x: Expr, low: Expr = float(0)): Expr {
  const isNegative = flt(x, float(0));
  const e = exponential(fneg(fabs(x)), select(isNegative, low, fneg(low)));
  const quotient = fdiv(factor, fadd(float(1), e.value));
  // where the exponent is cut, a large factor must not bring the result back
  const kept = select(flt(x, float(WIDE.least)), or(and(factor, word(0x80000000)), int(1)), quotient);
  return select(isNegative, e.times(kept), quotient);
}

/** e^x − 1, with the digits of small x: 2^n·(e^r − 1) + (2^n − 1), where that can not overflow. */
export function expm1(x: Expr): Expr {
  const { n, r } = reduced(x);
  const scale = powerOfTwo(n);
  const near = fadd(fmul(tail(r), scale), fsub(scale, float(1)));
  return select(flt(fabs(x), float(16)), near, fsub(exp(x), float(1)));
}

/**
 * With e = e^−|x|: 1/(1 + e), or e/(1 + e) for negative x; neither overflows, and small results keep their digits.
 * Far below 0, e − e·e/(1 + e) is the same and rounds less.
 */
export function sigmoid(x: Expr): Expr {
  const e = exp(fneg(fabs(x)));
  const quotient = fdiv(select(flt(x, float(0)), e, float(1)), fadd(float(1), e));
  return select(flt(x, float(-1)), fsub(e, fmul(e, quotient)), quotient);
}

/** of (tanh x / x − 1) / x² in x², on ±0.625, fitted */
const TANH = [0xbeaaaa99, 0x3e088393, 0xbd5c1e2c, 0x3ca91349, 0xbbbaf0d2].map(word);

/** On |x|, near 0 a polynomial, elsewhere 1 − 2/(e^2|x| + 1); then the sign of x, also of −0. */
export function tanh(x: Expr): Expr {
  const size = fabs(x);
  const square = fmul(size, size);
  const near = fadd(size, fmul(fmul(square, polynomial(square, TANH)), size));
  const far = fsub(float(1), fdiv(float(2), fadd(exp(fadd(size, size)), float(1))));
  return withSign(select(flt(size, float(0.625)), near, far), x);
}

/** of (log(1 + f) − f + f²/2) / f³ on [√½ − 1, √2 − 1], fitted */
const LOG = [0x3eaaaaaa, 0xbe800113, 0x3e4cd004, 0xbe2a3922, 0x3e116d10, 0xbe06c2a4, 0x3e02adaf, 0xbd9c5a9d].map(word);
/** √½ as bits */
const ROOT = int(0x3f3504f3);

/** x = m·2^exponent, m from √½ to √2, the exponent as a float; denormals are scaled up first. */
export function splitExponent(x: Expr): { exponent: Expr; m: Expr } {
  const small = flt(x, word(0x00800000));
  const bits = isub(select(small, fmul(x, float(0x800000)), x), ROOT);
  const exponent = i2f(isub(sar(bits, int(23)), select(small, int(23), int(0))));
  return { exponent, m: iadd(and(bits, int(0x7fffff)), ROOT) };
}

/** −∞ at 0, NaN below. */
export function log(x: Expr): Expr {
  const { exponent, m } = splitExponent(x);
  const f = fsub(m, float(1));
  const square = fmul(f, f);
  const tail = fadd(fmul(fmul(square, f), polynomial(f, LOG)), fmul(exponent, LN2_LOW));
  const finite = fadd(fadd(fsub(tail, fmul(float(0.5), square)), f), fmul(exponent, LN2_HIGH));
  const positive = select(flt(x, word(0x7f800000)), finite, x);
  const low = select(feq(x, float(0)), float(Number.NEGATIVE_INFINITY), float(Number.NaN));
  return select(fle(x, float(0)), low, positive);
}

/** log(1 + x), with the digits of small x: what 1 + x rounded away is added back. */
export function log1p(x: Expr): Expr {
  const sum = fadd(float(1), x);
  const lost = fsub(x, fsub(sum, float(1)));
  return select(flt(sum, word(0x7f800000)), fadd(log(sum), fdiv(lost, sum)), log(sum));
}
