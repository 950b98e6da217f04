import type { Expr } from "@opengradient/program";
import { elementwise, operands } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import { type ByKind, isFloat, kindOf, type Node } from "../node.ts";
import { register } from "../registry.ts";
import { feq, fle, flt, ieq, ilt, int, ult, xor } from "../scalar.ts";

type Compare = (a: Expr, b: Expr) => Expr;

const not = (x: Expr): Expr => xor(x, int(1));

/** `less` by kind; unsigned words of 32 bits need a comparison of their own. NaN compares false. */
const LESS: ByKind<Compare> = { float: flt, signed: ilt, unsigned: ult };

const comparison =
  (code: (less: Compare, isFloat: boolean) => Compare) =>
  (node: Node): Value => {
    const [a, b] = operands(node);
    const compare = code(kindOf(node, LESS, a.type), isFloat(a.type));
    return elementwise(node, "bool", [a, b], (x, y) => compare(x!, y!));
  };

/** a ≤ b; for integers ¬(b < a), which for floats would be true of NaN. */
const atMost =
  (less: Compare, isFloat: boolean): Compare =>
  (a, b) =>
    isFloat ? fle(a, b) : not(less(b, a));
const turned =
  (compare: Compare): Compare =>
  (a, b) =>
    compare(b, a);

register("Equal", (node) => {
  const [a, b] = operands(node);
  const same = isFloat(a.type) ? feq : ieq;
  return elementwise(node, "bool", [a, b], (x, y) => same(x!, y!));
});
register(
  "Less",
  comparison((less) => less),
);
register("LessOrEqual", comparison(atMost));
register(
  "Greater",
  comparison((less) => turned(less)),
);
register(
  "GreaterOrEqual",
  comparison((less, float) => turned(atMost(less, float))),
);
