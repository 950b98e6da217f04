import { shift } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** Sizes from `split` (attribute before operator set 13, then input), else equal parts, of which the last may be smaller. */
function split(node: Node): readonly Value[] {
  const x = node.input(0);
  const axis = node.axis(node.int("axis", 0), x.dims.length);
  const given = node.opset < 13 ? node.ints("split") : node.optional(1) && node.integers(1, "split");
  const parts = node.int("num_outputs", node.outputs);
  const length = x.dims[axis]!;
  if (!given && node.opset < 18 && length % parts !== 0)
    return node.refuse(`${length} does not split into ${parts} equal parts`);
  const chunk = Math.ceil(length / parts);
  const sizes = given ?? Array.from({ length: parts }, (_, i) => Math.min(chunk, length - i * chunk));
  if (sizes.reduce((a, b) => a + b, 0) !== length || sizes.length !== node.outputs)
    return node.refuse(`split [${sizes}] of ${length} into ${node.outputs} outputs`);
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
  return sizes.map((size, i) =>
    node.build.map(x.type, x.dims.with(axis, size), ({ loops, read }) =>
      read(x, loops.with(axis, shift(loops[axis]!, starts[i]!))),
    ),
  );
}

register("Split", split);
