import { plus, scale } from "../broadcast.ts";
import type { Value } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, float, fmul, state } from "../scalar.ts";
import { taps, windowsOf } from "../windows.ts";

/** X [N, C, …], W [M, C/group, kernel…], B [M] → [N, M, …]. Taps in the padding add 0·w. */
function conv(node: Node): Value {
  const [x, w] = [node.typed(0, "f32"), node.typed(1, "f32")];
  const bias = node.optional(2);
  const rank = x.dims.length - 2;
  if (rank < 1 || w.dims.length !== rank + 2) return node.refuse(`X [${x.dims}] and W [${w.dims}] are no convolution`);
  const [N, C] = x.dims as [number, number];
  const [M, perGroup] = w.dims as [number, number];
  const group = node.int("group", 1);
  if (group < 1 || C !== perGroup * group || M % group !== 0)
    return node.refuse(`X [${x.dims}], W [${w.dims}] and group ${group} do not fit`);
  const kernel = node.ints("kernel_shape") ?? w.dims.slice(2);
  if (String(kernel) !== String(w.dims.slice(2)))
    return node.refuse(`kernel_shape [${kernel}] and W [${w.dims}] differ`);
  if (bias && (bias.type !== "f32" || String(bias.dims) !== String([M])))
    return node.refuse(`B is [${bias.dims}], expected [${M}]`);
  const windows = windowsOf(node, x.dims.slice(2), kernel);
  const wide = M / group;
  const result = node.build.fold("f32", [N, group, wide, ...windows.outputs], {
    over: [perGroup, ...kernel],
    init: ({ loops, read }) => [bias ? read(bias, [plus(scale(loops[1]!, wide), loops[2]!)]) : float(0)],
    step: ({ loops: [n, g, m, ...at], folds: [c, ...tap], read }) => [
      fadd(
        state(),
        fmul(
          read(x, [n!, plus(scale(g!, perGroup), c!), ...taps(windows, at, tap)]),
          read(w, [plus(scale(g!, wide), m!), c!, ...tap]),
        ),
      ),
    ],
    done: () => state(),
  });
  return { ...result, dims: [N, M, ...windows.outputs] };
}

register("Conv", conv);
