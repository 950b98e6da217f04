import { unaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { fdiv, float, fsqrt } from "../scalar.ts";

register("Sqrt", unaryOperator({ float: fsqrt }));
register("Reciprocal", unaryOperator({ float: (x) => fdiv(float(1), x) }));
