import { shift } from "../broadcast.ts";
import { constant, type Value } from "../builder.ts";
import { fromBigInts } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { or } from "../scalar.ts";

/** Every input is read with 0 outside it, and the words are joined: exactly one is inside. */
function concat(node: Node): Value {
  const values = node.inputs();
  const [first] = values;
  if (first === undefined) return node.refuse("no inputs");
  const axis = node.axis(node.opset < 4 ? node.int("axis", 1) : node.int("axis"), first.dims.length);
  for (const value of values) {
    const fits =
      value.dims.length === first.dims.length && value.dims.every((d, i) => i === axis || d === first.dims[i]);
    if (!fits || value.type !== first.type)
      return node.refuse(`[${value.dims}] ${value.type} does not fit [${first.dims}] ${first.type}`);
  }
  const parts = values.map((value) => node.build.known(value));
  if (first.dims.length === 1 && parts.every((part) => part?.wide !== undefined)) {
    const wide = parts.flatMap((part) => part!.wide!);
    return constant(fromBigInts(wide, [wide.length]));
  }
  const starts = values.map((_, i) => values.slice(0, i).reduce((sum, value) => sum + value.dims[axis]!, 0));
  const whole = starts.at(-1)! + values.at(-1)!.dims[axis]!;
  return node.build.map(first.type, first.dims.with(axis, whole), ({ loops, read }) =>
    values.map((value, i) => read(value, loops.with(axis, shift(loops[axis]!, -starts[i]!)))).reduce(or),
  );
}

register("Concat", concat);
