import { binaryOperator } from "../broadcast.ts";
import { register } from "../registry.ts";
import { fdiv, idiv, udiv } from "../scalar.ts";

/** Integers truncate; ONNX leaves division by zero open, the Program gives 0. */
register(
  "Div",
  binaryOperator({ float: fdiv, signed: idiv, unsigned: udiv }, (a, b) => (b === 0n ? undefined : a / b)),
);
