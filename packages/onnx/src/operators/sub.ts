import { binaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { fsub, isub } from "../scalar.ts";

register(
  "Sub",
  binaryOperator({ float: fsub, signed: isub, unsigned: isub }, (a, b) => a - b),
);
