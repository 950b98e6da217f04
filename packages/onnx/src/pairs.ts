/** Sums and products of f32 with what their rounding lost: value = high + low. */
import type { Expr } from "@opengradient/program";
import { and, fadd, fmul, fsub, int } from "./scalar.ts";

export type Pair = { readonly high: Expr; readonly low: Expr };

/** a + b exactly, for |a| ≥ |b| or a = 0. */
export function fastSum(a: Expr, b: Expr): Pair {
  const high = fadd(a, b);
  return { high, low: fsub(b, fsub(high, a)) };
}

/** a + b exactly. */
export function sum(a: Expr, b: Expr): Pair {
  const high = fadd(a, b);
  const other = fsub(high, a);
  return { high, low: fadd(fsub(a, fsub(high, other)), fsub(b, other)) };
}

/** The upper 12 bits of the significand, and the rest. */
function halves(x: Expr): Pair {
  const high = and(x, int(-4096));
  return { high, low: fsub(x, high) };
}

/** a·b, exact but for products of lower halves below the normal numbers. */
export function product(a: Expr, b: Expr): Pair {
  const high = fmul(a, b);
  const [p, q] = [halves(a), halves(b)];
  const crossed = fadd(fadd(fsub(fmul(p.high, q.high), high), fmul(p.high, q.low)), fmul(p.low, q.high));
  return { high, low: fadd(crossed, fmul(p.low, q.low)) };
}
