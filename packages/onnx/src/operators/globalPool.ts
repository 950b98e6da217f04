import type { Value } from "../builder.ts";
import { elementsOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, fmax, state } from "../scalar.ts";

type Pool = { readonly start: number; readonly join: typeof fadd; readonly mean: boolean };

const globalPool =
  ({ start, join, mean }: Pool) =>
  (node: Node): Value => {
    const x = node.typed(0, "f32");
    const spatial = x.dims.slice(2);
    if (spatial.length === 0) return node.refuse(`X [${x.dims}] has no spatial axis`);
    return node.build.fold("f32", [...x.dims.slice(0, 2), ...spatial.map(() => 1)], {
      over: spatial,
      init: () => [float(start)],
      step: ({ loops: [n, c], folds, read }) => [join(state(), read(x, [n!, c!, ...folds]))],
      done: () => (mean ? fdiv(state(), float(elementsOf(spatial))) : state()),
    });
  };

register("GlobalAveragePool", globalPool({ start: 0, join: fadd, mean: true }));
register("GlobalMaxPool", globalPool({ start: Number.NEGATIVE_INFINITY, join: fmax, mean: false }));
