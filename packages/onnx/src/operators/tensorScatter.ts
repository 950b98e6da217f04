import { zero } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { wrapped } from "../places.ts";
import { register } from "../registry.ts";
import { int, isub, loop, select, ult } from "../scalar.ts";

/** The cache with `update` written along `axis` from where write_indices says; in mode `circular` on from its start. */
function tensorScatter(node: Node): Value {
  const [cache, update] = [node.input(0), node.input(1)];
  const at = node.optional(2);
  const axis = node.axis(node.int("axis", -2), cache.dims.length);
  const mode = node.text("mode", "linear");
  const length = cache.dims[axis]!;
  const fits =
    update.dims.length === cache.dims.length && update.dims.every((d, i) => i === axis || d === cache.dims[i]);
  if (!fits || update.type !== cache.type || update.dims[axis]! > length || axis === 0)
    return node.refuse(`update [${update.dims}] ${update.type} for past_cache [${cache.dims}] ${cache.type}`);
  if (at && String(at.dims) !== String([cache.dims[0]])) return node.refuse(`write_indices [${at.dims}]`);
  if (mode !== "linear" && mode !== "circular") return node.refuse(`mode ${mode} is not supported`);
  return node.build.map(cache.type, cache.dims, ({ loops, read, readAt }) => {
    const start = at ? read(at, [loops[0]!]) : int(0);
    const distance = isub(loop(axis), start);
    const place = mode === "linear" ? distance : wrapped(distance, length);
    const fresh = readAt(update, loops.with(axis, zero(loops[axis]!)), axis, place);
    return select(ult(place, int(update.dims[axis]!)), fresh, read(cache, loops));
  });
}

register("TensorScatter", tensorScatter);
