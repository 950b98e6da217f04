import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { iadd, ilt, int, loop, select } from "../scalar.ts";

/** Above (upper) or below diagonal k of the last two axes; the rest is 0. */
function trilu(node: Node): Value {
  const x = node.input(0);
  const rank = x.dims.length;
  if (rank < 2) return node.refuse(`[${x.dims}] is no matrix`);
  const k = node.optional(1) ? node.integers(1, "k")[0]! : 0;
  const upper = node.int("upper", 1) !== 0;
  const bound = Math.min(Math.max(k, -0x20000000), 0x20000000);
  return node.build.map(x.type, x.dims, ({ loops, read }) => {
    const value = read(x, loops);
    const diagonal = iadd(loop(rank - 2), int(bound));
    const outside = upper ? ilt(loop(rank - 1), diagonal) : ilt(diagonal, loop(rank - 1));
    return select(outside, int(0), value);
  });
}

register("Trilu", trilu);
