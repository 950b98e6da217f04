import { scale, shift } from "../broadcast.ts";
import { constant, type Value } from "../builder.ts";
import { fromBigInts } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

type Range = { readonly start: number; readonly step: number; readonly count: number };

/** Bounds count from the end when negative and are clamped to the axis, as in numpy. */
function rangeOf(length: number, from: number, to: number, step: number): Range {
  const clamp = (at: number): number => {
    const absolute = at < 0 ? at + length : at;
    return step > 0 ? Math.min(Math.max(absolute, 0), length) : Math.min(Math.max(absolute, -1), length - 1);
  };
  const start = clamp(from);
  return { start, step, count: Math.max(0, Math.ceil((clamp(to) - start) / step)) };
}

/** `starts`, `ends`, `axes` are attributes before operator set 10; then inputs, with `steps`. */
function slice(node: Node): Value {
  const x = node.input(0);
  const list = (i: number, name: string): readonly number[] | undefined => {
    if (node.opset < 10) return node.ints(name);
    return node.optional(i) && node.integers(i, name);
  };
  const starts = list(1, "starts") ?? node.refuse("starts are missing");
  const ends = list(2, "ends") ?? node.refuse("ends are missing");
  const axes = (list(3, "axes") ?? starts.map((_, i) => i)).map((axis) => node.axis(axis, x.dims.length));
  const steps = (node.opset < 10 ? undefined : list(4, "steps")) ?? starts.map(() => 1);
  if ([ends, axes, steps].some((l) => l.length !== starts.length))
    return node.refuse("starts, ends, axes and steps differ in length");
  const ranges: Range[] = x.dims.map((count) => ({ start: 0, step: 1, count }));
  for (const [i, axis] of axes.entries()) {
    if (steps[i] === 0) return node.refuse("a step of 0");
    ranges[axis] = rangeOf(x.dims[axis]!, starts[i]!, ends[i]!, steps[i]!);
  }
  const known = x.dims.length === 1 ? node.build.known(x)?.wide : undefined;
  if (known) {
    const [{ start, step, count }] = ranges as [Range];
    return constant(
      fromBigInts(
        Array.from({ length: count }, (_, i) => known[start + i * step]!),
        [count],
      ),
    );
  }
  return node.build.map(
    x.type,
    ranges.map((range) => range.count),
    ({ loops, read }) =>
      read(
        x,
        ranges.map(({ start, step }, i) => shift(scale(loops[i]!, step), start)),
      ),
  );
}

register("Slice", slice);
