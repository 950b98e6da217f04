import { elementwise, noteWide, operands } from "../broadcast.ts";
import { bitsOf } from "../formats.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { and, int, or, select, shl, shr, ult, xor } from "../scalar.ts";

type Binary = typeof and;

const INTEGERS = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"] as const;

const bits = (join: Binary) => (node: Node) => {
  const [a, b] = operands(node);
  node.typed(0, ...INTEGERS);
  return elementwise(node, a.type, [a, b], (x, y) => join(x!, y!));
};

register("BitwiseAnd", bits(and));
register("BitwiseOr", bits(or));
register("BitwiseXor", bits(xor));
register("BitwiseNot", (node) => {
  const x = node.typed(0, ...INTEGERS);
  if (x.type === "u64") return node.refuse("the complement of a uint64 is beyond 32 bits");
  return elementwise(node, x.type, [x], (value) => xor(value!, int(-1)));
});

/** Counts of the width and more leave nothing. */
register("BitShift", (node) => {
  const [a, b] = operands(node);
  node.typed(0, "u8", "u16", "u32", "u64");
  noteWide(node, a.type);
  const left = node.text("direction") === "LEFT";
  const width = int(Math.min(bitsOf(a.type), 32));
  return elementwise(node, a.type, [a, b], (x, count) =>
    select(ult(count!, width), left ? shl(x!, count!) : shr(x!, count!), int(0)),
  );
});
