import { register } from "../registry.ts";
import { and, fmax, fmin, imax, imin, or, select, ult } from "../scalar.ts";
import { variadicOperator } from "../variadic.ts";

/** NaN wins, −0 is below +0. */
register("Max", variadicOperator({ float: fmax, signed: imax, unsigned: (a, b) => select(ult(a, b), b, a), bool: or }));
register(
  "Min",
  variadicOperator({ float: fmin, signed: imin, unsigned: (a, b) => select(ult(a, b), a, b), bool: and }),
);
