/** sinh, cosh and the inverses of the hyperbolic functions. Errors: docs/spec/accuracy.md. */
import type { Expr } from "@opengradient/program";
import { fabs, fadd, fdiv, float, flt, fmul, fsqrt, fsub, select, word } from "./scalar.ts";
import { halfExp, log, log1p, polynomial, withSign } from "./transcendental.ts";

/** of (sinh x − x) / x³ in x² on ±1, fitted */
const SINH = [0x3e2aaaab, 0x3c088871, 0x395010ab, 0x363ad378].map(word);

/** Near 0 a polynomial, elsewhere e/2 − 1/(4·e/2). */
export function sinh(x: Expr): Expr {
  const size = fabs(x);
  const square = fmul(size, size);
  const near = fadd(size, fmul(fmul(square, polynomial(square, SINH)), size));
  const e = halfExp(size);
  return withSign(select(flt(size, float(1)), near, fsub(e, fdiv(float(0.25), e))), x);
}

export function cosh(x: Expr): Expr {
  const e = halfExp(fabs(x));
  return fadd(e, fdiv(float(0.25), e));
}

/** From here on, √(x² ± 1) is x. */
const LARGE = float(0x100000);
const LN2 = word(0x3f317218);

/** log(size + √(size² + 1)), without the cancellation of small sizes and the overflow of large ones */
export function asinh(x: Expr): Expr {
  const size = fabs(x);
  const square = fmul(size, size);
  const near = log1p(fadd(size, fdiv(square, fadd(float(1), fsqrt(fadd(square, float(1)))))));
  return withSign(select(flt(size, LARGE), near, fadd(log(size), LN2)), x);
}

/** NaN below 1. */
export function acosh(x: Expr): Expr {
  const t = fsub(x, float(1));
  const near = log1p(fadd(t, fsqrt(fmul(t, fadd(t, float(2))))));
  const value = select(flt(x, LARGE), near, fadd(log(x), LN2));
  return select(flt(x, float(1)), float(Number.NaN), value);
}

/** ½·log((1 + x)/(1 − x)); NaN beyond ±1. */
export function atanh(x: Expr): Expr {
  const size = fabs(x);
  return withSign(fmul(float(0.5), log1p(fdiv(fadd(size, size), fsub(float(1), size)))), x);
}
