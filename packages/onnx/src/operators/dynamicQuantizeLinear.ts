import type { Value } from "../builder.ts";
import { plainFormat } from "../formats.ts";
import type { Node } from "../node.ts";
import { quantise } from "../quantise.ts";
import { reduce } from "../reduce.ts";
import { register } from "../registry.ts";
import { f2i, fdiv, float, fmax, fmin, fneg, frint, fsub, imax, imin, int } from "../scalar.ts";

/** x → u8, with 0 exactly representable: scale = (max(0, x) − min(0, x))/255, zero = round(−min/scale). A tensor of zeros has scale 0. */
export function dynamicQuantise(node: Node, x: Value): { y: Value; scale: Value; zero: Value } {
  const { build } = node;
  const axes = x.dims.map((_, i) => i);
  const least = reduce(node, x, axes, false, { start: float(0), join: fmin });
  const most = reduce(node, x, axes, false, { start: float(0), join: fmax });
  const scale = build.map("f32", [], ({ read }) => fdiv(fsub(read(most, []), read(least, [])), float(255)));
  const zero = build.map("u8", [], ({ read }) => {
    const point = f2i(frint(fdiv(fneg(read(least, [])), read(scale, []))));
    return imin(imax(point, int(0)), int(255));
  });
  return { y: quantise(node, x, { scale, zero, axis: 0, block: 0 }, { format: plainFormat("u8") }), scale, zero };
}

register("DynamicQuantizeLinear", (node) => {
  const { y, scale, zero } = dynamicQuantise(node, node.typed(0, "f32"));
  return [y, scale, zero];
});
