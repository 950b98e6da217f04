/** (Σ |x|^p)^(1/p) for whole p. */
import type { Expr } from "@opengradient/program";
import type { Node } from "./node.ts";
import { fabs, fdiv, feq, float, fmul, fsqrt, select } from "./scalar.ts";
import { exp, log } from "./transcendental.ts";

export type LpNorm = { readonly each: (x: Expr) => Expr; readonly finish: (sum: Expr) => Expr };

export function lpNorm(node: Node, p: number): LpNorm {
  if (!Number.isInteger(p) || p < 1 || p > 16) return node.refuse(`p = ${p} is not supported: 1 to 16 is`);
  return {
    each: (x) => Array.from({ length: p - 1 }).reduce((power: Expr) => fmul(power, fabs(x)), fabs(x)),
    finish: (sum) => root(sum, p),
  };
}

function root(x: Expr, p: number): Expr {
  if (p === 1) return x;
  if (p % 2 === 0) return root(fsqrt(x), p / 2);
  return select(feq(x, float(0)), x, exp(fdiv(log(x), float(p))));
}
