import { register } from "../registry.ts";
import { fadd, fdiv, float } from "../scalar.ts";
import { variadicOperator } from "../variadic.ts";

register("Sum", variadicOperator({ float: fadd }));
register(
  "Mean",
  variadicOperator({ float: fadd }, (node) => (sum) => fdiv(sum, float(node.inputs().length))),
);
