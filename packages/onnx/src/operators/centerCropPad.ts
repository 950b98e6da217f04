import { shift } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import { checkDims } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** The middle of a longer axis; a shorter one between zeros. An odd element is cut or added at the end. */
function centerCropPad(node: Node): Value {
  const x = node.input(0);
  const shape = node.integers(1, "shape");
  const axes = (node.ints("axes") ?? x.dims.map((_, i) => i)).map((axis) => node.axis(axis, x.dims.length));
  if (shape.length !== axes.length) return node.refuse(`shape [${shape}] for ${axes.length} axes`);
  const dims = x.dims.map((d, i) => (axes.includes(i) ? shape[axes.indexOf(i)]! : d));
  checkDims(dims, "shape");
  return node.build.map(x.type, dims, ({ loops, read }) =>
    read(
      x,
      loops.map((at, i) => {
        const missing = dims[i]! - x.dims[i]!;
        return shift(at, missing < 0 ? Math.floor(-missing / 2) : -Math.floor(missing / 2));
      }),
    ),
  );
}

register("CenterCropPad", centerCropPad);
