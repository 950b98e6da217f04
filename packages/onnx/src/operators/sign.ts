import { unaryOperator } from "../broadcast.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fabs, float, flt, fneg, ilt, imax, int, isub, select } from "../scalar.ts";

type Code = Parameters<typeof unaryOperator>[0];

/** Integers of 64 bits could leave the range of 32 here. */
const narrow = (functions: Code) => (node: Node) =>
  node.input(0).type === "i64" ? node.refuse("type i64 is not supported") : unaryOperator(functions)(node);

register("Neg", narrow({ float: fneg, signed: (x) => isub(int(0), x) }));
register("Abs", narrow({ float: fabs, signed: (x) => imax(x, isub(int(0), x)), unsigned: (x) => x }));
register(
  "Sign",
  unaryOperator({
    float: (x) => select(flt(float(0), x), float(1), select(flt(x, float(0)), float(-1), x)),
    signed: (x) => select(ilt(int(0), x), int(1), select(ilt(x, int(0)), int(-1), int(0))),
  }),
);
