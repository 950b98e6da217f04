import { zero } from "../broadcast.ts";
import { constant, type Value } from "../builder.ts";
import { fromBigInts } from "../elements.ts";
import type { Node } from "../node.ts";
import { fromEnd } from "../places.ts";
import { register } from "../registry.ts";

/** data[…, indices, …]: indices may be negative; one out of range reads 0 (ONNX calls that an error). */
function gather(node: Node): Value {
  const [data, indices] = [node.input(0), node.typed(1, "i64", "i32")];
  const axis = node.axis(node.int("axis", 0), data.dims.length);
  const length = data.dims[axis]!;
  const known = data.dims.length === 1 ? node.build.known(data)?.wide : undefined;
  const at = node.build.known(indices);
  if (known && at) {
    const wide = node
      .integers(1, "indices")
      .map((i) => known[i < 0 ? i + length : i] ?? node.refuse(`index ${i} of ${length}`));
    return constant(fromBigInts(wide, indices.dims));
  }
  const rank = indices.dims.length;
  const dims = [...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)];
  return node.build.map(data.type, dims, ({ loops, read, readAt }) => {
    const raw = read(indices, loops.slice(axis, axis + rank));
    const index = fromEnd(raw, length);
    const none = { base: 0, coef: dims.map(() => 0) };
    const own = [...loops.slice(0, axis), loops[axis] ? zero(loops[axis]) : none, ...loops.slice(axis + rank)];
    return readAt(data, own, axis, index);
  });
}

register("Gather", gather);
