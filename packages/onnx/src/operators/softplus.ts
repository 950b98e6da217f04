import type { Expr } from "@opengradient/program";
import { unaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { fabs, fadd, fdiv, float, flt, fmax, fmin, fmul, fneg, select } from "../scalar.ts";
import { exp, exponential, log1p } from "../transcendental.ts";

type Unary = typeof exp;

/** log(1 + e^x) = max(x, 0) + log(1 + e^−|x|) */
const softplus: Unary = (x) => fadd(select(flt(x, float(0)), float(0), x), log1p(exp(fneg(fabs(x)))));

/** x·tanh(log(1 + e)) = x·n/(n + 2), n = e·(e + 2); the result for large x is x, for negative x e's factor comes last. */
function mish(x: Expr): Expr {
  const e = exponential(fmin(x, float(20)));
  const two = fadd(e.value, float(2));
  const n = fmul(e.value, two);
  const quotient = fdiv(x, fadd(n, float(2)));
  const low = e.times(fmul(fmax(quotient, float(-1000)), two));
  return select(flt(x, float(0)), low, fmul(quotient, n));
}

register("Softplus", unaryOperator({ float: softplus }));
register("Mish", unaryOperator({ float: mish }));
register("Softsign", unaryOperator({ float: (x) => fdiv(x, fadd(float(1), fabs(x))) }));
