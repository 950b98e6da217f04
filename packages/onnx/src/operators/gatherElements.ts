import { zero } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { fromEnd } from "../places.ts";
import { register } from "../registry.ts";

/** data at the index's own place, but for `axis`, where the index says. Out of range reads 0 (ONNX calls that an error). */
function gatherElements(node: Node): Value {
  const [data, indices] = [node.input(0), node.typed(1, "i64", "i32")];
  const axis = node.axis(node.int("axis", 0), data.dims.length);
  const fits =
    indices.dims.length === data.dims.length && indices.dims.every((d, i) => i === axis || d <= data.dims[i]!);
  if (!fits) return node.refuse(`indices [${indices.dims}] for data [${data.dims}]`);
  return node.build.map(data.type, indices.dims, ({ loops, read, readAt }) => {
    const raw = read(indices, loops);
    const index = fromEnd(raw, data.dims[axis]!);
    return readAt(data, loops.with(axis, zero(loops[axis]!)), axis, index);
  });
}

register("GatherElements", gatherElements);
