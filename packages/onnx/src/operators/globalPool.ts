import type { Value } from "../builder.ts";
import { lpNorm } from "../lpNorm.ts";
import type { Node } from "../node.ts";
import { type Reduction, reduce } from "../reduce.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, fmax } from "../scalar.ts";

/** All spatial axes become 1. */
const globalPool =
  (reduction: (node: Node) => Reduction) =>
  (node: Node): Value => {
    const x = node.typed(0, "f32");
    const spatial = x.dims.flatMap((_, i) => (i < 2 ? [] : [i]));
    if (spatial.length === 0) return node.refuse(`X [${x.dims}] has no spatial axis`);
    return reduce(node, x, spatial, true, reduction(node));
  };

const sum = { start: float(0), join: fadd };

register(
  "GlobalAveragePool",
  globalPool(() => ({ ...sum, finish: (total, count) => fdiv(total, float(count)) })),
);
register(
  "GlobalMaxPool",
  globalPool(() => ({ start: float(Number.NEGATIVE_INFINITY), join: fmax })),
);
register(
  "GlobalLpPool",
  globalPool((node) => ({ ...sum, ...lpNorm(node, node.opset < 2 ? node.float("p", 2) : node.int("p", 2)) })),
);
