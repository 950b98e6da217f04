import type { Value } from "../builder.ts";
import { elementType, widthOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** The same bits under another type of the same width. */
function bitCast(node: Node): Value {
  const x = node.input(0);
  const type = elementType(node.int("to"), "the target");
  for (const t of [x.type, type])
    if (t === "i64" || t === "bool") return node.refuse(`type ${t} is not kept in its own bits`);
  if (widthOf(type) !== widthOf(x.type)) return node.refuse(`from ${x.type} to ${type}`);
  return node.build.map(type, x.dims, ({ loops, read }) => read(x, loops));
}

register("BitCast", bitCast);
