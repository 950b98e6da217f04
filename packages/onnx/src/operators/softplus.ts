import type { Expr } from "@opengradient/program";
import { unaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { fabs, fadd, fdiv, float, flt, fmax, fmin, fmul, fneg, fsub, select } from "../scalar.ts";
import { exp, exponential, log1p } from "../transcendental.ts";

type Unary = typeof exp;

/** log(1 + e^x) = max(x, 0) + log(1 + e^−|x|) */
const softplus: Unary = (x) => fadd(select(flt(x, float(0)), float(0), x), log1p(exp(fneg(fabs(x)))));

/**
 * x·tanh(log(1 + e)) = x·n/(n + 2), n = e·(e + 2); for large x that is x. For negative x it is e·(x − x·e·(e + 1)/(n + 2)),
 * whose subtraction rounds once, and e's factor comes last.
 */
function mish(x: Expr): Expr {
  const e = exponential(fmin(x, float(20)));
  const n = fmul(e.value, fadd(e.value, float(2)));
  const below = fadd(n, float(2));
  const cut = fmax(x, float(-1000));
  const low = e.times(fsub(cut, fdiv(fmul(cut, fmul(e.value, fadd(e.value, float(1)))), below)));
  return select(flt(x, float(0)), low, fmul(fdiv(x, below), n));
}

register("Softplus", unaryOperator({ float: softplus }));
register("Mish", unaryOperator({ float: mish }));
register("Softsign", unaryOperator({ float: (x) => fdiv(x, fadd(float(1), fabs(x))) }));
