import type { Expr } from "@opengradient/program";
import { zero } from "../broadcast.ts";
import { view } from "../builder.ts";
import type { Node } from "../node.ts";
import { reduce, reducedAxes, reduceOperator } from "../reduce.ts";
import { register } from "../registry.ts";
import { fabs, fadd, float, flt, fmax, fsub, select, word } from "../scalar.ts";
import { exp, log } from "../transcendental.ts";

const sum = { start: float(0), join: fadd };

register("ReduceLogSum", reduceOperator(18, { float: { ...sum, finish: (total) => log(total) } }));

/** What is subtracted before exp: the greatest element, or 0 when that is infinite. */
const finite = (greatest: Expr): Expr => select(flt(fabs(greatest), word(0x7f800000)), greatest, float(0));

/** max + log Σ e^(x − max) */
register("ReduceLogSumExp", (node: Node) => {
  const x = node.typed(0, "f32");
  const axes = reducedAxes(node, x.dims.length, 18);
  const keep = node.int("keepdims", 1) !== 0;
  const greatest = reduce(node, x, axes, true, { start: float(Number.NEGATIVE_INFINITY), join: fmax });
  const exponentials = node.build.map("f32", x.dims, ({ loops, read }) =>
    exp(
      fsub(
        read(x, loops),
        finite(
          read(
            greatest,
            loops.map((at, i) => (axes.includes(i) ? zero(at) : at)),
          ),
        ),
      ),
    ),
  );
  const total = reduce(node, exponentials, axes, true, { ...sum, finish: (all) => log(all) });
  const y = node.build.map("f32", total.dims, ({ loops, read }) =>
    fadd(finite(read(greatest, loops)), read(total, loops)),
  );
  return keep
    ? y
    : view(
        y,
        x.dims.filter((_, i) => !axes.includes(i)),
      );
});
