import type { Value } from "../builder.ts";
import { numbersOf } from "../elements.ts";
import { isFloat, type Node } from "../node.ts";
import { fromEnd } from "../places.ts";
import { register } from "../registry.ts";
import { f2i, ieq, loop, select } from "../scalar.ts";

/** A new axis of `depth`: values[1] where it equals the index (negative ones count from its end), else values[0]. */
function oneHot(node: Node): Value {
  const [indices, values] = [node.typed(0, "i64", "i32", "i8", "u8", "f32"), node.input(2)];
  const depth = numbersOf(node.constant(1, "depth"))[0] ?? 0;
  const axis = node.axis(node.int("axis", -1), indices.dims.length + 1);
  if (!Number.isInteger(depth) || depth < 1 || depth > 0x10000000) return node.refuse(`depth ${depth}`);
  if (String(values.dims) !== "2") return node.refuse(`values [${values.dims}], expected [2]`);
  const dims = [...indices.dims.slice(0, axis), depth, ...indices.dims.slice(axis)];
  return node.build.map(values.type, dims, ({ loops, read }) => {
    const raw = read(
      indices,
      loops.filter((_, i) => i !== axis),
    );
    const index = fromEnd(isFloat(indices.type) ? f2i(raw) : raw, depth);
    const constantAt = (base: number) => [{ base, coef: dims.map(() => 0) }];
    return select(ieq(loop(axis), index), read(values, constantAt(1)), read(values, constantAt(0)));
  });
}

register("OneHot", oneHot);
