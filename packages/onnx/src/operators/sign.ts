import { unaryOperator } from "../broadcast.ts";
import { constant } from "../builder.ts";
import { fromBigInts } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fabs, float, flt, fneg, ilt, imax, int, isub, select } from "../scalar.ts";

type Code = Parameters<typeof unaryOperator>[0];

/** int64 is computed at import, in full: at run time −2^31 would leave the range of 32 bits. */
const narrow = (functions: Code, exact: (x: bigint) => bigint) => (node: Node) => {
  if (node.input(0).type !== "i64") return unaryOperator(functions)(node);
  const { wide, dims } = node.constant(0, "int64 arithmetic");
  return constant(fromBigInts(wide!.map(exact), dims));
};

register(
  "Neg",
  narrow({ float: fneg, signed: (x) => isub(int(0), x) }, (x) => -x),
);
register(
  "Abs",
  narrow({ float: fabs, signed: (x) => imax(x, isub(int(0), x)), unsigned: (x) => x }, (x) => (x < 0n ? -x : x)),
);
register(
  "Sign",
  unaryOperator({
    float: (x) => select(flt(float(0), x), float(1), select(flt(x, float(0)), float(-1), x)),
    signed: (x) => select(ilt(int(0), x), int(1), select(ilt(x, int(0)), int(-1), int(0))),
  }),
);
