import { zero } from "../broadcast.ts";
import { type Value, view } from "../builder.ts";
import { elementsOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, feq, float, fmax, fsub, select, state } from "../scalar.ts";
import { exp } from "../transcendental.ts";

/** Greatest, exponentials, their sum, quotients: four kernels, so that no exp is evaluated twice. */
function softmax(node: Node): Value {
  const x = node.typed(0, "f32");
  const rank = x.dims.length;
  if (node.opset >= 13) return alongAxis(node, x, node.axis(node.int("axis", -1), rank));
  // before 13 all axes from `axis` on are one
  const axis = node.int("axis", 1);
  const first = axis === rank ? rank : node.axis(axis, rank);
  const flat = view(x, [elementsOf(x.dims.slice(0, first)), elementsOf(x.dims.slice(first))]);
  return view(alongAxis(node, flat, 1), x.dims);
}

/** @param masked whether a row may be −∞ altogether, which gives zeros; else it gives NaN */
export function alongAxis({ build }: Node, x: Value, axis: number, masked = false): Value {
  const length = x.dims[axis]!;
  const kept = x.dims.map((d, i) => (i === axis ? 1 : d));
  const over = [length];
  const nothing = float(Number.NEGATIVE_INFINITY);
  const greatest = build.fold("f32", kept, {
    over,
    init: () => [nothing],
    step: ({ loops, folds, read }) => [fmax(state(), read(x, loops.with(axis, folds[0]!)))],
    done: () => (masked ? select(feq(state(), nothing), float(0), state()) : state()),
  });
  const exponentials = build.map("f32", x.dims, ({ loops, read }) =>
    exp(fsub(read(x, loops), read(greatest, loops.with(axis, zero(loops[axis]!))))),
  );
  const sum = build.fold("f32", kept, {
    over,
    init: () => [float(0)],
    step: ({ loops, folds, read }) => [fadd(state(), read(exponentials, loops.with(axis, folds[0]!)))],
    done: () => (masked ? select(feq(state(), float(0)), float(1), state()) : state()),
  });
  return build.map("f32", x.dims, ({ loops, read }) =>
    fdiv(read(exponentials, loops), read(sum, loops.with(axis, zero(loops[axis]!)))),
  );
}

register("Softmax", softmax);
