import { constant, type Value } from "../builder.ts";
import { fromBigInts, fromFloats } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

function constantNode(node: Node): Value {
  const tensor = node.tensor("value");
  if (tensor) return tensor;
  const floats = node.floats("value_floats");
  const ints = node.ints("value_ints");
  if (node.has("value_float")) return constant(fromFloats([node.float("value_float")], []));
  if (node.has("value_int")) return constant(fromBigInts([BigInt(node.int("value_int"))], []));
  if (node.has("value_floats")) return constant(fromFloats(floats!, [floats!.length]));
  if (node.has("value_ints")) return constant(fromBigInts(ints!.map(BigInt), [ints!.length]));
  return node.refuse("none of value, value_float, value_int, value_floats, value_ints is given");
}

register("Constant", constantNode);
