/** Mean and spread over some axes, which stay as 1. */
import type { Expr } from "@opengradient/program";
import { zero } from "./broadcast.ts";
import type { Index, Value } from "./builder.ts";
import type { Node } from "./node.ts";
import { reduce } from "./reduce.ts";
import { fadd, fdiv, float, fmul, fsub } from "./scalar.ts";

/** The index of an element's mean. */
export const along = (axes: readonly number[], index: readonly Index[]): Index[] =>
  index.map((at, i) => (axes.includes(i) ? zero(at) : at));

const sum = { start: float(0), join: fadd };

export function centre(
  node: Node,
  x: Value,
  axes: readonly number[],
): { readonly mean: Value; readonly centered: Value } {
  const mean = reduce(node, x, axes, true, { ...sum, finish: (total, n) => fdiv(total, float(n)) });
  const centered = node.build.map("f32", x.dims, ({ loops, read }) =>
    fsub(read(x, loops), read(mean, along(axes, loops))),
  );
  return { mean, centered };
}

/** `finish` of the mean of squares. */
export function meanSquare(node: Node, x: Value, axes: readonly number[], finish: (mean: Expr) => Expr): Value {
  return reduce(node, x, axes, true, {
    ...sum,
    each: (value) => fmul(value, value),
    finish: (total, n) => finish(fdiv(total, float(n))),
  });
}
