import type { Value } from "../builder.ts";
import { elementsOf, isWide } from "../elements.ts";
import { bitsOf } from "../formats.ts";
import type { ByKind, Node } from "../node.ts";
import { type Reduction, reduceOperator } from "../reduce.ts";
import { register } from "../registry.ts";
import { and, float, fmax, fmin, imax, imin, int, or, select, ult } from "../scalar.ts";

/** No elements at all give what the reductions start from: an extreme of the type. `least` is that of its integers with a sign. */
const extremes =
  (reductions: (least: number) => ByKind<Reduction>) =>
  (node: Node): Value => {
    const { type, dims } = node.input(0);
    if (isWide(type) && elementsOf(dims) === 0)
      return node.refuse("no elements at all give a 64-bit integer that does not fit in 32 bits");
    return reduceOperator(18, reductions(-0x80000000 >> (32 - Math.min(bitsOf(type), 32))))(node);
  };

register(
  "ReduceMax",
  extremes((least) => ({
    float: { start: float(Number.NEGATIVE_INFINITY), join: fmax, keepsOne: true },
    signed: { start: int(least), join: imax, keepsOne: true },
    unsigned: { start: int(0), join: (a, b) => select(ult(a, b), b, a), keepsOne: true },
    bool: { start: int(0), join: or, keepsOne: true },
  })),
);
register(
  "ReduceMin",
  extremes((least) => ({
    float: { start: float(Number.POSITIVE_INFINITY), join: fmin, keepsOne: true },
    signed: { start: int(-(least + 1)), join: imin, keepsOne: true },
    unsigned: { start: int(-1), join: (a, b) => select(ult(a, b), a, b), keepsOne: true },
    bool: { start: int(1), join: and, keepsOne: true },
  })),
);
