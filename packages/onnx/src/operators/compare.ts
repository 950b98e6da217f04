import type { Expr } from "@opengradient/program";
import { elementwise } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import { isFloat, type Node } from "../node.ts";
import { register } from "../registry.ts";
import { feq, fle, flt, ieq, ilt, int, xor } from "../scalar.ts";

type Compare = (a: Expr, b: Expr) => Expr;

const not = (x: Expr): Expr => xor(x, int(1));

/** u8 is zero-extended, so that the signed comparison serves all integers. NaN compares false. */
const comparison =
  (float: Compare, integer: Compare) =>
  (node: Node): Value => {
    const [a, b] = [node.input(0), node.input(1)];
    if (a.type !== b.type) return node.refuse(`inputs of types ${a.type} and ${b.type}`);
    const compare = isFloat(a.type) ? float : integer;
    return elementwise(node, "bool", [a, b], (x, y) => compare(x!, y!));
  };

register("Equal", comparison(feq, ieq));
register("Less", comparison(flt, ilt));
register(
  "LessOrEqual",
  comparison(fle, (a, b) => not(ilt(b, a))),
);
register(
  "Greater",
  comparison(
    (a, b) => flt(b, a),
    (a, b) => ilt(b, a),
  ),
);
register(
  "GreaterOrEqual",
  comparison(
    (a, b) => fle(b, a),
    (a, b) => not(ilt(a, b)),
  ),
);
