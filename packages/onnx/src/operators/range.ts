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
  const steps = (to - from) / by;
  const isNear = Math.abs(steps - Math.round(steps)) <= 1e-6 * Math.abs(steps);
  const areExact = [from, to, by].every((value) => Number.isInteger(value * 4096));
  if (start!.format?.name === "double" && isNear && !areExact)
    return node.refuse(`from ${from} to ${to} by ${by}: rounded from doubles, how many elements is not clear`);
  const count = Math.max(Math.ceil(steps), 0);
  if (count > MAX_IMPORT_STEPS) return node.refuse(`${count} elements`);
  const values = Array.from({ length: count }, (_, i) => from + i * by);
  if (start!.type === "f32") return constant(fromFloats(values, [count]));
  if (start!.type === "i64") return constant(fromBigInts(values.map(BigInt), [count]));
  return start!.type === "i32" || start!.type === "i16"
    ? constant(fromInts32(start!.type, values))
    : node.refuse(`type ${start!.type} is not supported`);
}

const fromInts32 = (type: "i32" | "i16", values: readonly number[]): Constant => ({
  type,
  dims: [values.length],
  data: new Uint8Array(Int32Array.from(values).buffer),
});

register("Range", range);
