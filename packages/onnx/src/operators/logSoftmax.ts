import { zero } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { reduce } from "../reduce.ts";
import { register } from "../registry.ts";
import { fadd, float, fmax, fsub } from "../scalar.ts";
import { acrossAxis } from "../softmaxAxis.ts";
import { exp, log } from "../transcendental.ts";

/** x − max − log Σ e^(x − max) */
export function logSoftmax(node: Node, x: Value, axis: number): Value {
  const { build } = node;
  const greatest = reduce(node, x, [axis], true, { start: float(Number.NEGATIVE_INFINITY), join: fmax });
  const shifted = build.map("f32", x.dims, ({ loops, read }) =>
    fsub(read(x, loops), read(greatest, loops.with(axis, zero(loops[axis]!)))),
  );
  const exponentials = build.map("f32", x.dims, ({ loops, read }) => exp(read(shifted, loops)));
  const sum = reduce(node, exponentials, [axis], true, { start: float(0), join: fadd, finish: (total) => log(total) });
  return build.map("f32", x.dims, ({ loops, read }) =>
    fsub(read(shifted, loops), read(sum, loops.with(axis, zero(loops[axis]!)))),
  );
}

register("LogSoftmax", (node) => acrossAxis(node, (x, axis) => logSoftmax(node, x, axis)));
