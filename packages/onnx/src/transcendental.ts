/**
 * exp, tanh, sigmoid in primitive instructions. Errors against double precision: `test/transcendental.test.ts`.
 */
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
const polynomial = (x: Expr, coefficients: readonly Expr[]): Expr =>
  coefficients.reduceRight((sum, c) => fadd(fmul(sum, x), c));

const LOG2E = word(0x3fb8aa3b);
/** ln 2 in two parts; the first has few bits, so that n times it is exact */
const LN2_HIGH = word(0x3f317200);
const LN2_LOW = word(0x35bfbe8e);
/** of (exp r − 1 − r) / r² on ±ln2/2, fitted */
const EXP = [0x3f000000, 0x3e2aaa45, 0x3d2aaa3e, 0x3c091eeb, 0x3ab6ccb4].map(word);

const powerOfTwo = (n: Expr): Expr => shl(iadd(n, int(127)), int(23));

/** x = n·ln 2 + r with |r| ≤ ln2/2, for |x| within what n·LN2_HIGH is exact for. */
function reduced(x: Expr): { n: Expr; r: Expr } {
  const n = frint(fmul(x, LOG2E));
  return { n: f2i(n), r: fsub(fsub(x, fmul(n, LN2_HIGH)), fmul(n, LN2_LOW)) };
}

/** e^r − 1 for |r| ≤ ln2/2; the large term comes last, so that it rounds once. */
const tail = (r: Expr): Expr => fadd(fmul(fmul(r, r), polynomial(r, EXP)), r);

/** Within 1 ULP; NaN for NaN. The clamp keeps n within what two factors 2^n can scale, denormals included. */
export function exp(x: Expr): Expr {
  const { n, r } = reduced(fmin(fmax(x, float(-104)), float(89)));
  const half = sar(n, int(1));
  return fmul(fmul(fadd(tail(r), float(1)), powerOfTwo(half)), powerOfTwo(isub(n, half)));
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
  return select(flt(x, float(-1.4)), fsub(e, fmul(e, quotient)), quotient);
}

/** of (tanh x / x − 1) / x² in x², on ±0.625, fitted */
const TANH = [0xbeaaaa99, 0x3e088393, 0xbd5c1e2c, 0x3ca91349, 0xbbbaf0d2].map(word);

/** On |x|, near 0 a polynomial, elsewhere 1 − 2/(e^2|x| + 1); then the sign of x, also of −0. */
export function tanh(x: Expr): Expr {
  const size = fabs(x);
  const square = fmul(size, size);
  const near = fadd(size, fmul(fmul(square, polynomial(square, TANH)), size));
  const far = fsub(float(1), fdiv(float(2), fadd(exp(fadd(size, size)), float(1))));
  const sign = or(float(1), and(x, word(0x80000000)));
  return fmul(select(flt(size, float(0.625)), near, far), sign);
}

/** of (log(1 + f) − f + f²/2) / f³ on [√½ − 1, √2 − 1], fitted */
const LOG = [0x3eaaaaaa, 0xbe800113, 0x3e4cd004, 0xbe2a3922, 0x3e116d10, 0xbe06c2a4, 0x3e02adaf, 0xbd9c5a9d].map(word);
/** √½ as bits */
const ROOT = int(0x3f3504f3);

/** −∞ at 0, NaN below; denormals are scaled up first. */
export function log(x: Expr): Expr {
  const small = flt(x, word(0x00800000));
  const bits = isub(select(small, fmul(x, float(0x800000)), x), ROOT);
  const exponent = i2f(isub(sar(bits, int(23)), select(small, int(23), int(0))));
  const f = fsub(iadd(and(bits, int(0x7fffff)), ROOT), float(1));
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
