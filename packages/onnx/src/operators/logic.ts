import { elementwise, operands } from "../broadcast.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { and, fabs, feq, flt, ieq, int, or, select, word, xor } from "../scalar.ts";

const logical = (join: typeof and) => (node: Node) => {
  node.typed(0, "bool");
  return elementwise(node, "bool", operands(node), (a, b) => join(a!, b!));
};

register("And", logical(and));
register("Or", logical(or));
register("Xor", logical(xor));
register("Not", (node) => elementwise(node, "bool", [node.typed(0, "bool")], (x) => ieq(x!, int(0))));

register("IsNaN", (node) => elementwise(node, "bool", [node.typed(0, "f32")], (x) => xor(feq(x!, x!), int(1))));
register("IsInf", (node) => {
  const [negative, positive] = [node.int("detect_negative", 1) !== 0, node.int("detect_positive", 1) !== 0];
  return elementwise(node, "bool", [node.typed(0, "f32")], (x) => {
    const isInfinite = feq(fabs(x!), word(0x7f800000));
    const counts = select(flt(x!, int(0)), int(negative ? 1 : 0), int(positive ? 1 : 0));
    return and(isInfinite, counts);
  });
});
