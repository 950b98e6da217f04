import { type Value, view } from "../builder.ts";
import { elementsOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

function flatten(node: Node): Value {
  const x = node.input(0);
  const axis = node.int("axis", 1);
  const first = axis === x.dims.length ? axis : node.axis(axis, x.dims.length);
  return view(x, [elementsOf(x.dims.slice(0, first)), elementsOf(x.dims.slice(first))]);
}

register("Flatten", flatten);
