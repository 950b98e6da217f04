import { noteWide, unaryOperator } from "../broadcast.ts";
import { constant } from "../builder.ts";
import { fromBigInts, isWide } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fabs, float, flt, fneg, ilt, imax, int, isub, select } from "../scalar.ts";

type Code = Parameters<typeof unaryOperator>[0];

/** 64-bit integers that are known at import are computed in full. */
const narrow = (functions: Code, exact: (x: bigint) => bigint) => (node: Node) => {
  const x = node.input(0);
  const wide = isWide(x.type) ? node.build.known(x)?.wide : undefined;
  if (wide) return constant(fromBigInts(wide.map(exact), x.dims, x.type as "i64" | "u64"));
  noteWide(node, x.type);
  return unaryOperator(functions)(node);
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
    unsigned: (x) => select(x, int(1), int(0)),
  }),
);
