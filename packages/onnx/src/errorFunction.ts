/** erf, and x·Φ(x) (Gelu). Errors: docs/spec/accuracy.md. */
import type { Expr } from "@opengradient/program";
import { type Pair, product, sum } from "./pairs.ts";
import {
  and,
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
  fsub,
  int,
  select,
  word,
} from "./scalar.ts";
import { exp, exponential, polynomial, timesSigmoid, withSign } from "./transcendental.ts";

/** of erf x / x − 1 in x² on ±0.921875, fitted */
const NEAR = [0x3e0375d4, 0xbec093a0, 0x3de716b0, 0xbcdc003b, 0x3baa20b9, 0xba52d5a2, 0x38a6fd58].map(word);
/** of log(1 − erf x) on [0.92, 4], fitted */
const FAR = [0x39386c96, 0xbf909424, 0xbf222234, 0xbdddc973, 0x3ccddb6c, 0xbb88cd46, 0x39e43604, 0xb7b192ae].map(word);

/** for numbers from 0 to 0.921875 */
const erfNear = (x: Expr): Expr => fadd(x, fmul(x, polynomial(fmul(x, x), NEAR)));

export function erf(x: Expr): Expr {
  const size = fabs(x);
  const near = erfNear(size);
  const far = fsub(float(1), exp(polynomial(size, FAR)));
  const value = select(flt(size, float(0.921875)), near, select(flt(size, float(4)), far, float(1)));
  return select(feq(x, x), withSign(value, x), float(Number.NaN));
}

/** of z/√2·e^(z²)·erfc z in (z − 2)/(z + 2) on [0.49, 10.8], fitted */
const SCALED = [
  0x3eb8ed1d, 0x3df225c0, 0xbe139966, 0x3daff86f, 0xbca7d272, 0xbbadcb8b, 0x3b5c3bf2, 0x3a447809, 0xb9f45589,
  0xb90b80cf,
].map(word);

/**
 * x·Φ(x), Φ(x) = ½·erfc(−x/√2), near 0 by erf; elsewhere by erfc, so that negative x keep their digits.
 * There −x²/2 is exact in two parts.
 */
export function gelu(x: Expr): Expr {
  const size = fabs(x);
  const z = fmul(size, word(0x3f3504f3));
  const t = fdiv(fsub(z, float(2)), fadd(z, float(2)));
  const upper = and(size, int(-4096));
  const [high, low] = [fmul(upper, upper), fmul(fsub(size, upper), fadd(size, upper))];
  const e = exponential(fmul(float(-0.5), high), fmul(float(-0.5), low));
  const missing = e.times(polynomial(t, SCALED));
  const far = select(flt(x, float(0)), fneg(missing), fsub(x, missing));
  const half = fmul(float(0.5), withSign(erfNear(z), x));
  const value = select(flt(size, float(0.7)), fmul(x, fadd(float(0.5), half)), far);
  return select(flt(size, float(15)), value, select(flt(x, float(0)), float(-0), x));
}

/** 2·√(2/π) and 0.044715 times that, in two parts each */
const LINEAR: Pair = { high: word(0x3fcc422a), low: word(0xb342bc9b) };
const CUBIC: Pair = { high: word(0x3d922279), low: word(0x3124d8b5) };

/** x·σ(2u), 2u = x·(2√(2/π) + 0.0713…·x²) to some 40 bits: e^2u has as many right digits less as 2u is large. */
export function geluTanh(x: Expr): Expr {
  const limited = fmax(fmin(x, float(40)), float(-40));
  const square = product(limited, limited);
  const scaled = product(CUBIC.high, square.high);
  const scaledLow = fadd(scaled.low, fadd(fmul(CUBIC.high, square.low), fmul(CUBIC.low, square.high)));
  const slope = sum(LINEAR.high, scaled.high);
  const slopeLow = fadd(slope.low, fadd(scaledLow, LINEAR.low));
  const twice = product(limited, slope.high);
  const low = fadd(twice.low, fmul(limited, slopeLow));
  return timesSigmoid(select(fle(float(-40), x), x, float(-40)), twice.high, low);
}
