import type { Value } from "../builder.ts";
import { concatenate } from "../join.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

function concat(node: Node): Value {
  const values = node.inputs();
  const [first] = values;
  if (first === undefined) return node.refuse("no inputs");
  const axis = node.axis(node.opset < 4 ? node.int("axis", 1) : node.int("axis"), first.dims.length);
  for (const value of values) {
    const fits =
      value.dims.length === first.dims.length && value.dims.every((d, i) => i === axis || d === first.dims[i]);
    if (!fits || value.type !== first.type)
      return node.refuse(`[${value.dims}] ${value.type} does not fit [${first.dims}] ${first.type}`);
  }
  return concatenate(node.build, values, axis);
}

register("Concat", concat);
