/** Operators that fold some axes of a tensor. */
import type { Expr } from "@opengradient/program";
import { noteWide } from "./broadcast.ts";
import type { Value } from "./builder.ts";
import { view } from "./builder.ts";
import { elementsOf } from "./elements.ts";
import { type Binary, type ByKind, kindOf, type Node, type Unary } from "./node.ts";
import { state } from "./scalar.ts";

/** What a reduction computes: join(state, each(x)) from `start`, then finish(state, how many). */
export type Reduction = {
  readonly start: Expr;
  readonly join: Binary;
  readonly each?: Unary;
  readonly finish?: (sum: Expr, count: number) => Expr;
  /** whether a single element becomes itself, so that reducing no axis is a copy */
  readonly keepsOne?: boolean;
};

/** of a kernel */
const MAX_FOLDS = 4;

/** `axes` is an attribute before operator set `since`, an input from then on; none means all, or with noop_… none at all. */
export function reducedAxes(node: Node, rank: number, since: number): readonly number[] {
  const given = node.opset < since ? node.ints("axes") : node.optional(1) && node.integers(1, "axes");
  const noop = node.opset >= since && node.int("noop_with_empty_axes", 0) !== 0;
  if (noop && !given?.length) return [];
  if (!given?.length) return Array.from({ length: rank }, (_, i) => i);
  return given.map((axis) => node.axis(axis, rank));
}

/** Folds `axes` of x, which become 1, or disappear without `keep`. */
export function reduce(node: Node, x: Value, axes: readonly number[], keep: boolean, reduction: Reduction): Value {
  const { start, join, each = (e) => e, finish = (e) => e } = reduction;
  if (axes.length > MAX_FOLDS) return view(reduceMerged(node, x, axes, reduction), reducedDims(x.dims, axes, keep));
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
  return view(result, reducedDims(x.dims, axes, keep));
}

const reducedDims = (dims: readonly number[], axes: readonly number[], keep: boolean): number[] =>
  dims.flatMap((d, i) => (!axes.includes(i) ? [d] : keep ? [1] : []));

/** The same, neighbouring axes that are both folded, or both kept, taken as one. */
function reduceMerged(node: Node, x: Value, axes: readonly number[], reduction: Reduction): Value {
  const dims: number[] = [];
  const folded: number[] = [];
  for (const [i, d] of x.dims.entries()) {
    const isFolded = axes.includes(i);
    if (i > 0 && isFolded === axes.includes(i - 1)) dims[dims.length - 1]! *= d;
    else if (dims.push(d) && isFolded) folded.push(dims.length - 1);
  }
  if (folded.length > MAX_FOLDS) return node.refuse(`axes [${axes}] are ${folded.length} apart, at most ${MAX_FOLDS}`);
  return reduce(node, view(x, dims), folded, true, reduction);
}

/** A Reduce… operator, whose `axes` become an input in operator set `since`. */
export const reduceOperator =
  (since: number, reductions: ByKind<Reduction>) =>
  (node: Node): Value => {
    const x = node.input(0);
    const reduction = kindOf(node, reductions, x.type);
    noteWide(node, x.type);
    const keep = node.int("keepdims", 1) !== 0;
    const axes = reducedAxes(node, x.dims.length, since);
    if (axes.length > 0) return reduce(node, x, axes, keep, reduction);
    return reduction.keepsOne ? x : ofOne(node, x, reduction);
  };

/** Each element reduced alone. */
const ofOne = ({ build }: Node, x: Value, { start, join, each = (e) => e, finish = (e) => e }: Reduction): Value =>
  build.map(x.type, x.dims, ({ loops, read }) => finish(join(start, each(read(x, loops))), 1));
