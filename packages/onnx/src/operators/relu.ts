import { unaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { float, flt, imax, int, select } from "../scalar.ts";

/** NaN stays NaN, as in numpy's maximum(x, 0); −0 stays −0. */
register(
  "Relu",
  unaryOperator({ float: (x) => select(flt(x, float(0)), float(0), x), signed: (x) => imax(x, int(0)) }),
);
