import { zero } from "../broadcast.ts";
import { type Value, view } from "../builder.ts";
import { elementsOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { reduce } from "../reduce.ts";
import { register } from "../registry.ts";
import { fadd, float, fmax, fsub } from "../scalar.ts";
import { exp, log } from "../transcendental.ts";

/** x − max − log Σ e^(x − max) */
function logSoftmax(node: Node): Value {
  const x = node.typed(0, "f32");
  const rank = x.dims.length;
  if (node.opset >= 13) return alongAxis(node, x, node.axis(node.int("axis", -1), rank));
  const axis = node.int("axis", 1);
  const first = axis === rank ? rank : node.axis(axis, rank);
  const flat = view(x, [elementsOf(x.dims.slice(0, first)), elementsOf(x.dims.slice(first))]);
  return view(alongAxis(node, flat, 1), x.dims);
}

function alongAxis(node: Node, x: Value, axis: number): Value {
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

register("LogSoftmax", logSoftmax);
