import { unaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { fabs, fadd, fdiv, float, flt, fmul, fneg, select } from "../scalar.ts";
import { exp, log1p, tanh } from "../transcendental.ts";

type Unary = typeof exp;

/** log(1 + e^x) = max(x, 0) + log(1 + e^−|x|) */
const softplus: Unary = (x) => fadd(select(flt(x, float(0)), float(0), x), log1p(exp(fneg(fabs(x)))));

register("Softplus", unaryOperator({ float: softplus }));
register("Mish", unaryOperator({ float: (x) => fmul(x, tanh(softplus(x))) }));
register("Softsign", unaryOperator({ float: (x) => fdiv(x, fadd(float(1), fabs(x))) }));
