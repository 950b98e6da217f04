import { constant, type Value } from "../builder.ts";
import { type Constant, fromBigInts, fromFloats, MAX_IMPORT_STEPS, numbersOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** A constant: max(⌈(limit − start)/delta⌉, 0) elements start + i·delta. */
function range(node: Node): Value {
  const [start, limit, delta] = [0, 1, 2].map((i) => node.constant(i, ["start", "limit", "delta"][i]!));
  const [from, to, by] = [start, limit, delta].map((c) => numbersOf(c!)[0]) as [number, number, number];
  if (!Number.isFinite(from + to + by) || by === 0 || Math.abs(from) + Math.abs(to) > 0x10000000000000)
    return node.refuse(`from ${from} to ${to} by ${by}`);
  const count = Math.max(Math.ceil((to - from) / by), 0);
  if (count > MAX_IMPORT_STEPS) return node.refuse(`${count} elements`);
  const values = Array.from({ length: count }, (_, i) => from + i * by);
  if (start!.type === "f32") return constant(fromFloats(values, [count]));
  if (start!.type === "i32") return constant(fromInts32(values));
  if (start!.type !== "i64") return node.refuse(`type ${start!.type} is not supported`);
  return constant(fromBigInts(values.map(BigInt), [count]));
}

const fromInts32 = (values: readonly number[]): Constant => ({
  type: "i32",
  dims: [values.length],
  data: new Uint8Array(Int32Array.from(values).buffer),
});

register("Range", range);
