/** The axis of Softmax, LogSoftmax and Hardmax: one from operator set 13 on; before, all from `axis` on taken as one. */
import { type Value, view } from "./builder.ts";
import { elementsOf } from "./elements.ts";
import type { Node } from "./node.ts";

export function acrossAxis(node: Node, along: (x: Value, axis: number) => Value): Value {
  const x = node.typed(0, "f32");
  const rank = x.dims.length;
  if (node.opset >= 13) return along(x, node.axis(node.int("axis", -1), rank));
  const axis = node.int("axis", 1);
  const first = axis === rank ? rank : node.axis(axis, rank);
  const flat = view(x, [elementsOf(x.dims.slice(0, first)), elementsOf(x.dims.slice(first))]);
  return view(along(flat, 1), x.dims);
}
