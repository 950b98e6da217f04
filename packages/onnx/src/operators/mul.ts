import { binaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { fmul, imul } from "../scalar.ts";

register(
  "Mul",
  binaryOperator({ float: fmul, signed: imul, unsigned: imul }, (a, b) => a * b),
);
