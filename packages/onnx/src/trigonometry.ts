/** sin, cos, tan and their inverses in primitive instructions. Errors: docs/spec/accuracy.md. */
import type { Expr } from "@opengradient/program";
import { fastSum } from "./pairs.ts";
import {
  and,
  fabs,
  fadd,
  fdiv,
  feq,
  float,
  flt,
  fmul,
  fneg,
  fsqrt,
  fsub,
  i2f,
  iadd,
  imul,
  int,
  isub,
  or,
  select,
  shl,
  shr,
  ult,
  umulh,
  word,
  xor,
} from "./scalar.ts";
import { polynomial, withSign } from "./transcendental.ts";

/** 2/π in binary, a word of zeros before it */
const TWO_OVER_PI = [0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab].map(word);
/** π/2 · 2^-30 in two parts */
const STEP_HIGH = word(0x30c90fdb);
const STEP_LOW = word(0xa43bbd2e);

type Reduced = {
  /** quarter turns, counted mod 4 */
  readonly turns: Expr;
  /** the rest, |high| ≤ π/4, in two parts */
  readonly high: Expr;
  readonly low: Expr;
};

/** The 96 bits of 2/π, three words, that meet the integer m of |x| = m·2^e within one turn; those before are whole turns. */
function window(size: Expr): readonly [Expr, Expr, Expr] {
  const at = isub(shr(size, int(23)), int(120));
  const [first, shift] = [shr(at, int(5)), and(at, int(31))];
  const bit = (i: number): Expr => and(first, int(1 << i));
  const words = [0, 1, 2, 3].map((i) => {
    const pair = (j: number): Expr => select(bit(0), TWO_OVER_PI[i + j + 1]!, TWO_OVER_PI[i + j]!);
    return select(bit(2), TWO_OVER_PI[i + 4]!, select(bit(1), pair(2), pair(0)));
  });
  const shifted = (i: number): Expr => or(shl(words[i]!, shift), shr(shr(words[i + 1]!, int(1)), xor(shift, int(31))));
  return [shifted(0), shifted(1), shifted(2)];
}

/**
 * |x| = turns·π/2 + high + low for every finite x (Payne and Hanek): |x|·2/π mod 4 as a fixed-point number of 64 bits.
 * Its 62 bits of the rest, less than half a turn either way, become a float and one of what that leaves. They are
 * taken in three pieces that are floats without rounding, since next to a whole turn all but the last bits cancel.
 */
function reduce(size: Expr): Reduced {
  const m = or(and(size, int(0x7fffff)), int(0x800000));
  const [g0, g1, g2] = window(size);
  const carry = umulh(m, g2);
  const low = iadd(imul(m, g1), carry);
  const high = iadd(iadd(imul(m, g0), umulh(m, g1)), ult(low, carry));
  const turns = shr(iadd(high, int(0x20000000)), int(30));
  const rest = isub(high, shl(turns, int(30)));
  const top = i2f(and(rest, int(-128)));
  const middle = fmul(i2f(or(shl(and(rest, int(127)), int(16)), shr(low, int(16)))), word(0x37800000));
  const bottom = fmul(i2f(and(low, int(0xffff))), word(0x2f800000));
  const upper = fastSum(top, middle);
  const sum = fastSum(upper.high, fadd(upper.low, bottom));
  const small = flt(size, word(0x3f490fdb));
  return {
    turns: select(small, int(0), turns),
    high: select(small, size, fmul(sum.high, STEP_HIGH)),
    low: select(small, int(0), fadd(fmul(sum.high, STEP_LOW), fmul(sum.low, STEP_HIGH))),
  };
}

/** of (sin r − r) / r³ and (cos r − 1 + r²/2) / r⁴ in r² on ±π/4, fitted */
const SIN = [0xbe2aaaab, 0x3c0888bb, 0xb9502dc5, 0x363e5fea].map(word);
const COS = [0x3d2aaaab, 0xbab60bb0, 0x37d039e2, 0xb49b4ae9].map(word);

function sinAndCos({ high, low }: Reduced): { sin: Expr; cos: Expr } {
  const square = fmul(high, high);
  const half = fmul(float(0.5), square);
  const sinTail = fadd(fmul(fmul(square, polynomial(square, SIN)), high), fmul(low, fsub(float(1), half)));
  const cosTail = fsub(fmul(fmul(square, square), polynomial(square, COS)), fmul(high, low));
  return { sin: fadd(high, sinTail), cos: fsub(float(1), fsub(half, cosTail)) };
}

/** NaN for infinities and NaN. */
const ofFinite = (size: Expr, value: Expr): Expr => select(flt(size, word(0x7f800000)), value, float(Number.NaN));

export function sin(x: Expr): Expr {
  const size = fabs(x);
  const r = reduce(size);
  const waves = sinAndCos(r);
  const sign = xor(and(x, word(0x80000000)), shl(shr(r.turns, int(1)), int(31)));
  return ofFinite(size, xor(select(and(r.turns, int(1)), waves.cos, waves.sin), sign));
}

export function cos(x: Expr): Expr {
  const size = fabs(x);
  const r = reduce(size);
  const waves = sinAndCos(r);
  const sign = shl(shr(iadd(r.turns, int(1)), int(1)), int(31));
  return ofFinite(size, xor(select(and(r.turns, int(1)), waves.sin, waves.cos), sign));
}

export function tan(x: Expr): Expr {
  const size = fabs(x);
  const r = reduce(size);
  const { sin: s, cos: c } = sinAndCos(r);
  const odd = and(r.turns, int(1));
  const quotient = fdiv(select(odd, fneg(c), s), select(odd, s, c));
  return ofFinite(size, xor(quotient, and(x, word(0x80000000))));
}

/** of (asin x − x) / x³ in x² on ±½, fitted */
const ASIN = [0x3e2aaaa6, 0x3d999c52, 0x3d3654b1, 0x3d025e22, 0x3c6b5d64, 0x3d1a11eb].map(word);
const HALF_PI = word(0x3fc90fdb);
const HALF_PI_LOW = word(0xb33bbd2e);

type Arc = {
  /** whether |x| > ½ */
  readonly far: Expr;
  /** x, or √((1 − |x|)/2), whose arc sine is half of what is missing to π/2 */
  readonly near: Expr;
  /** asin(near) − near */
  readonly tail: Expr;
};

function arc(x: Expr): Arc {
  const size = fabs(x);
  const far = flt(float(0.5), size);
  const near = select(far, fsqrt(fmul(fsub(float(1), size), float(0.5))), x);
  const square = fmul(near, near);
  return { far, near, tail: fmul(fmul(square, polynomial(square, ASIN)), near) };
}

/** NaN beyond ±1. */
export function asin(x: Expr): Expr {
  const { far, near, tail } = arc(x);
  const twice = fadd(near, near);
  const missing = fsub(HALF_PI, fsub(twice, fsub(HALF_PI_LOW, fadd(tail, tail))));
  return select(far, withSign(missing, x), fadd(near, tail));
}

/** NaN beyond ±1. */
export function acos(x: Expr): Expr {
  const { far, near, tail } = arc(x);
  const left = fsub(HALF_PI, fsub(near, fsub(HALF_PI_LOW, tail)));
  const half = select(flt(x, float(0)), left, fadd(near, tail));
  return select(far, fadd(half, half), left);
}

/** of (atan x − x) / x³ in x² on ±tan(π/8), fitted */
const ATAN = [0xbeaaaaa5, 0x3e4cc8f1, 0xbe11dcc6, 0x3dd910ba, 0xbd79674a].map(word);

/** atan x = atan b + atan((x − b)/(1 + b·x)), with b 0, 1 or ∞. */
export function atan(x: Expr): Expr {
  const size = fabs(x);
  const big = flt(word(0x401a827a), size);
  const middle = flt(word(0x3ed413cd), size);
  const above = select(big, float(-1), select(middle, fsub(size, float(1)), size));
  const below = select(big, size, select(middle, fadd(size, float(1)), float(1)));
  const t = fdiv(above, below);
  const square = fmul(t, t);
  const tail = fmul(fmul(square, polynomial(square, ATAN)), t);
  const base = select(big, HALF_PI, select(middle, word(0x3f490fdb), float(0)));
  const baseLow = select(big, HALF_PI_LOW, select(middle, word(0xb2bbbd2e), float(0)));
  const size2 = fadd(base, fadd(t, fadd(tail, baseLow)));
  return select(feq(x, x), withSign(size2, x), x);
}
