import { zero } from "../broadcast.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { float, ieq, loop, select } from "../scalar.ts";
import { acrossAxis } from "../softmaxAxis.ts";
import { bestIndex } from "./argMax.ts";

/** 1 at the first of the greatest, 0 elsewhere. */
register("Hardmax", (node: Node) =>
  acrossAxis(node, (x, axis) => {
    const best = bestIndex(node.build, x, { axis, greatest: true, last: false });
    return node.build.map("f32", x.dims, ({ loops, read }) =>
      select(ieq(read(best, loops.with(axis, zero(loops[axis]!))), loop(axis)), float(1), float(0)),
    );
  }),
);
