/** Operators that fold some axes of a tensor. */
import type { Expr } from "@opengradient/program";
import type { Value } from "./builder.ts";
import { view } from "./builder.ts";
import { elementsOf } from "./elements.ts";
import { type Binary, isFloat, type Node, type Unary } from "./node.ts";
import { state } from "./scalar.ts";

/** What a reduction computes: join(state, each(x)) from `start`, then finish(state, how many). */
export type Reduction = {
  readonly start: Expr;
  readonly join: Binary;
  readonly each?: Unary;
  readonly finish?: (sum: Expr, count: number) => Expr;
};

/** `axes` is an attribute before operator set `since`, an input from then on; none means all. */
export function reducedAxes(node: Node, rank: number, since: number): readonly number[] {
  const given = node.opset < since ? node.ints("axes") : node.optional(1) && node.integers(1, "axes");
  const noop = node.opset >= since && node.int("noop_with_empty_axes", 0) !== 0;
  if (noop && !given?.length) return node.refuse("noop_with_empty_axes without axes is not supported");
  if (!given?.length) return Array.from({ length: rank }, (_, i) => i);
  return given.map((axis) => node.axis(axis, rank));
}

/** Folds `axes` of x, which become 1, or disappear without `keep`. */
export function reduce(node: Node, x: Value, axes: readonly number[], keep: boolean, reduction: Reduction): Value {
  const { start, join, each = (e) => e, finish = (e) => e } = reduction;
  const kept = x.dims.map((d, i) => (axes.includes(i) ? 1 : d));
  const over = axes.map((axis) => x.dims[axis]!);
  const result = node.build.fold(x.type, kept, {
    over,
    init: () => [start],
    step: ({ loops, folds, read }) => [
      join(
        state(),
        each(
          read(
            x,
            loops.map((at, i) => (axes.includes(i) ? folds[axes.indexOf(i)]! : at)),
          ),
        ),
      ),
    ],
    done: () => finish(state(), elementsOf(over)),
  });
  return keep
    ? result
    : view(
        result,
        x.dims.filter((_, i) => !axes.includes(i)),
      );
}

/** A Reduce… operator, whose `axes` become an input in operator set `since`. */
export const reduceOperator =
  (since: number, reductions: { readonly float?: Reduction; readonly integer?: Reduction }) =>
  (node: Node): Value => {
    const x = node.input(0);
    const reduction = isFloat(x.type) ? reductions.float : reductions.integer;
    if (reduction === undefined || x.type === "bool" || x.type === "i64")
      return node.refuse(`type ${x.type} is not supported`);
    const keep = node.int("keepdims", 1) !== 0;
    return reduce(node, x, reducedAxes(node, x.dims.length, since), keep, reduction);
  };
