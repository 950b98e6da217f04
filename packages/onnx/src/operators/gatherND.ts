import type { Value } from "../builder.ts";
import { view } from "../builder.ts";
import { elementsOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { flatPlaces } from "../places.ts";
import { register } from "../registry.ts";

/** data[batch…, tuple, …] for each tuple of indices. One that is out of range reads 0 (ONNX calls that an error). */
function gatherND(node: Node): Value {
  const [data, indices] = [node.input(0), node.typed(1, "i64", "i32")];
  const batch = node.int("batch_dims", 0);
  const outer = indices.dims.slice(0, -1);
  const depth = indices.dims.at(-1)!;
  const fits = batch >= 0 && batch <= outer.length && batch + depth <= data.dims.length;
  if (!fits || String(data.dims.slice(0, batch)) !== String(outer.slice(0, batch)))
    return node.refuse(`indices [${indices.dims}] for data [${data.dims}] with batch_dims ${batch}`);
  const named = data.dims.slice(batch, batch + depth);
  const rest = data.dims.slice(batch + depth);
  const places = flatPlaces(node.build, indices, named);
  const flat = view(data, [...data.dims.slice(0, batch), elementsOf(named), ...rest]);
  return node.build.map(data.type, [...outer, ...rest], ({ loops, read, readAt }) => {
    const at = read(places, loops.slice(0, outer.length));
    const none = { base: 0, coef: loops.map(() => 0) };
    return readAt(flat, [...loops.slice(0, batch), none, ...loops.slice(outer.length)], batch, at);
  });
}

register("GatherND", gatherND);
