import { elementwise } from "../broadcast.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { and, int, or, select, shl, shr, ult, xor } from "../scalar.ts";

type Binary = typeof and;

const bits = (join: Binary) => (node: Node) => {
  const [a, b] = [node.typed(0, "i32", "i8", "u8"), node.typed(1, "i32", "i8", "u8")];
  if (a.type !== b.type) return node.refuse(`inputs of types ${a.type} and ${b.type}`);
  return elementwise(node, a.type, [a, b], (x, y) => join(x!, y!));
};

register("BitwiseAnd", bits(and));
register("BitwiseOr", bits(or));
register("BitwiseXor", bits(xor));
register("BitwiseNot", (node) =>
  elementwise(node, node.typed(0, "i32", "i8", "u8").type, [node.input(0)], (x) => xor(x!, int(-1))),
);

/** Counts of 8 and more leave nothing. */
register("BitShift", (node) => {
  const [a, b] = [node.typed(0, "u8"), node.typed(1, "u8")];
  const left = node.text("direction") === "LEFT";
  return elementwise(node, "u8", [a, b], (x, count) =>
    select(ult(count!, int(8)), left ? shl(x!, count!) : shr(x!, count!), int(0)),
  );
});
