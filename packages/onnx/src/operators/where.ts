import { elementwise } from "../broadcast.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { select } from "../scalar.ts";

register("Where", (node: Node) => {
  const [condition, x, y] = [node.typed(0, "bool"), node.input(1), node.input(2)];
  if (x.type !== y.type) return node.refuse(`inputs of types ${x.type} and ${y.type}`);
  return elementwise(node, x.type, [condition, x, y], (c, a, b) => select(c!, a!, b!));
});
