import { register } from "../registry.ts";
import { fmax, fmin, imax, imin } from "../scalar.ts";
import { variadicOperator } from "../variadic.ts";

/** NaN wins, −0 is below +0. */
register("Max", variadicOperator({ float: fmax, signed: imax, unsigned: imax }));
register("Min", variadicOperator({ float: fmin, signed: imin, unsigned: imin }));
