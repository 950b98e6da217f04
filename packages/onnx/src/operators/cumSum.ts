import type { Expr } from "@opengradient/program";
import { plus, shift } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import { type Binary, isFloat, type Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, float, fmul, iadd, imul, int, state } from "../scalar.ts";

type Scan = { readonly start: Expr; readonly join: Binary };

/** A fold over as many steps back (or ahead, reversed) as the axis has: those outside read the neutral element. */
const scan =
  (floats: Scan, integers: Scan) =>
  (node: Node): Value => {
    const x = node.typed(0, "f32", "i32");
    const axis = node.axis(node.integers(1, "axis")[0] ?? 0, x.dims.length);
    const reversed = node.int("reverse", 0) !== 0;
    const exclusive = node.int("exclusive", 0) !== 0 ? 1 : 0;
    const { start, join } = isFloat(x.type) ? floats : integers;
    const neutral = start.kind === "word" ? start.word : 0;
    return node.build.fold(x.type, x.dims, {
      over: [x.dims[axis]!],
      init: () => [start],
      step: ({ loops, folds, read }) => {
        const back = { base: 0, coef: folds[0]!.coef.map((c) => (reversed ? c : -c + 0)) };
        const at = shift(plus(loops[axis]!, back), reversed ? exclusive : -exclusive);
        return [join(state(), read(x, loops.with(axis, at), neutral))];
      },
      done: () => state(),
    });
  };

register("CumSum", scan({ start: float(0), join: fadd }, { start: int(0), join: iadd }));
register("CumProd", scan({ start: float(1), join: fmul }, { start: int(1), join: imul }));
