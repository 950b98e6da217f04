import { zero } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, feq, float, fmax, fsub, select, state } from "../scalar.ts";
import { acrossAxis } from "../softmaxAxis.ts";
import { exp } from "../transcendental.ts";

/** Greatest, exponentials, their sum, quotients: four kernels, so that no exp is evaluated twice. */
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

register("Softmax", (node) => acrossAxis(node, (x, axis) => alongAxis(node, x, axis)));
