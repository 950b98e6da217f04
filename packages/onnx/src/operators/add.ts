import { binaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { fadd, iadd } from "../scalar.ts";

register(
  "Add",
  binaryOperator({ float: fadd, signed: iadd, unsigned: iadd }, (a, b) => a + b),
);
