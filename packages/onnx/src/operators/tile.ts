import { type Value, view } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

/** Each axis repeats as a whole: an axis of repeats before it, over which the input broadcasts. */
function tile(node: Node): Value {
  const x = node.input(0);
  const repeats = node.integers(1, "repeats");
  if (repeats.length !== x.dims.length || repeats.some((r) => r < 1))
    return node.refuse(`repeats [${repeats}] for [${x.dims}]`);
  const doubled = x.dims.flatMap((d, i) => [repeats[i]!, d]);
  const tiled = node.build.map(x.type, doubled, ({ loops, read }) =>
    read(
      x,
      x.dims.map((_, i) => loops[2 * i + 1]!),
    ),
  );
  return view(
    tiled,
    x.dims.map((d, i) => d * repeats[i]!),
  );
}

register("Tile", tile);
