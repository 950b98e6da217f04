import { constant, type Value } from "../builder.ts";
import { elementsOf, fromBigInts, fromInts } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** Shapes are static, so this is a constant. */
function shape(node: Node): Value {
  const { dims } = node.input(0);
  const clamp = (at: number): number => Math.min(Math.max(at < 0 ? at + dims.length : at, 0), dims.length);
  const [start, end] = [clamp(node.int("start", 0)), clamp(node.int("end", dims.length))];
  return constant(fromInts(dims.slice(start, Math.max(start, end))));
}

register("Shape", shape);
register("Size", (node) => constant(fromBigInts([BigInt(elementsOf(node.input(0).dims))], [])));
