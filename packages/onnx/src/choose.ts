import { elementwise } from "./broadcast.ts";
import { type Value, view } from "./builder.ts";
import type { Node } from "./node.ts";
import { select } from "./scalar.ts";

/** One of two values of the same kind, as a single condition says when the Program runs. */
export function choose(node: Node, condition: Value, yes: Value, no: Value): Value {
  if (yes.type !== no.type || String(yes.dims) !== String(no.dims))
    return node.refuse(
      `the condition is computed from the model's inputs and decides between ${yes.type} [${yes.dims}] and ${no.type} [${no.dims}]; bind it with --set`,
    );
  return elementwise(node, yes.type, [view(condition, []), yes, no], (c, a, b) => select(c!, a!, b!));
}
