import { reduceOperator } from "../reduce.ts";
import { register } from "../registry.ts";
import { float, fmax, fmin, imax, imin, int } from "../scalar.ts";

const greatest = { start: float(Number.NEGATIVE_INFINITY), join: fmax };
const least = { start: float(Number.POSITIVE_INFINITY), join: fmin };

register("ReduceMax", reduceOperator(18, { float: greatest, integer: { start: int(-0x80000000), join: imax } }));
register("ReduceMin", reduceOperator(18, { float: least, integer: { start: int(0x7fffffff), join: imin } }));
