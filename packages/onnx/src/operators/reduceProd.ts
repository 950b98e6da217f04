import { reduceOperator } from "../reduce.ts";
import { register } from "../registry.ts";
import { float, fmul, imul, int } from "../scalar.ts";

register(
  "ReduceProd",
  reduceOperator(18, { float: { start: float(1), join: fmul }, integer: { start: int(1), join: imul } }),
);
