import { affineCode } from "@opengradient/program";
import { plus, scale } from "../broadcast.ts";
import { type Index, type Value, view } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { linearTaps, weighted } from "../sampling.ts";
import { fadd, float, fmul, i2f, state } from "../scalar.ts";
import { taps, windowsOf } from "../windows.ts";

/** Conv on images, each tap moved by an offset of its own and weighed by a mask: what the taps read first, then the products. */
function deformConv(node: Node): Value {
  const [x, w, offset] = [node.typed(0, "f32"), node.typed(1, "f32"), node.typed(2, "f32")];
  const [bias, mask] = [node.optional(3), node.optional(4)];
  const [group, sets] = [node.int("group", 1), node.int("offset_group", 1)];
  const kernel = node.ints("kernel_shape") ?? w.dims.slice(2);
  if (x.dims.length !== 4 || w.dims.length !== 4) return node.refuse(`X [${x.dims}] and W [${w.dims}]: only images`);
  const windows = windowsOf(node, x.dims.slice(2), kernel);
  const [N, C] = x.dims as [number, number];
  const [M, perGroup] = w.dims as [number, number];
  const out = windows.outputs;
  const fits =
    C === perGroup * group &&
    M % group === 0 &&
    C % sets === 0 &&
    String(kernel) === String(w.dims.slice(2)) &&
    String(offset.dims) === String([N, sets * kernel[0]! * kernel[1]! * 2, ...out]) &&
    (mask === undefined || String(mask.dims) === String([N, sets * kernel[0]! * kernel[1]!, ...out])) &&
    (bias === undefined || String(bias.dims) === String([M]));
  if (!fits) return node.refuse(`X [${x.dims}], W [${w.dims}], offset [${offset.dims}] and groups do not fit`);
  const moved = view(offset, [N, sets, ...kernel, 2, ...out]);
  const weights = mask && view(mask, [N, sets, ...kernel, ...out]);
  const perSet = C / sets;
  const columns = node.build.map("f32", [N, sets, perSet, ...kernel, ...out], (frame) => {
    const [n, set, c, ...rest] = frame.loops as [Index, Index, Index, ...Index[]];
    const [tap, at] = [rest.slice(0, 2), rest.slice(2)];
    const axes = taps(windows, at, tap).map((place, axis) => {
      const which: Index = { base: axis, coef: n.coef.map(() => 0) };
      return linearTaps(fadd(i2f(affineCode(place, 7)), frame.read(moved, [n, set, ...tap, which, ...at])));
    });
    const element = weighted(frame, x, [n, plus(scale(set, perSet), c)], axes);
    return weights ? fmul(element, frame.read(weights, [n, set, ...tap, ...at])) : element;
  });
  const sampled = view(columns, [N, C, ...kernel, ...out]);
  const wide = M / group;
  const y = node.build.fold("f32", [N, group, wide, ...out], {
    over: [perGroup, ...kernel],
    init: ({ loops: [, g, m], read }) => [bias ? read(bias, [plus(scale(g!, wide), m!)]) : float(0)],
    step: ({ loops: [n, g, m, ...at], folds: [c, ...tap], read }) => {
      const channel = plus(scale(g!, perGroup), c!);
      return [
        fadd(
          state(),
          fmul(read(sampled, [n!, channel, ...tap, ...at]), read(w, [plus(scale(g!, wide), m!), c!, ...tap])),
        ),
      ];
    },
    done: () => state(),
  });
  return view(y, [N, M, ...out]);
}

register("DeformConv", deformConv);
