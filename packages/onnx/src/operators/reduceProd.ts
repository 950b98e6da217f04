import { reduceOperator } from "../reduce.ts";
import { register } from "../registry.ts";
import { float, fmul, imul, int } from "../scalar.ts";

const product = { start: int(1), join: imul, keepsOne: true };

register(
  "ReduceProd",
  reduceOperator(18, { float: { start: float(1), join: fmul, keepsOne: true }, signed: product, unsigned: product }),
);
