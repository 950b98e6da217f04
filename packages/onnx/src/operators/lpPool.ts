import type { Value } from "../builder.ts";
import { lpNorm } from "../lpNorm.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, float, state } from "../scalar.ts";
import { taps, windowsOf } from "../windows.ts";

function lpPool(node: Node): Value {
  const x = node.typed(0, "f32");
  const kernel = node.ints("kernel_shape") ?? node.refuse("attribute kernel_shape is missing");
  const windows = windowsOf(node, x.dims.slice(2), kernel, node.int("ceil_mode", 0) !== 0);
  const { each, finish } = lpNorm(node, node.opset < 2 ? node.float("p", 2) : node.int("p", 2));
  return node.build.fold("f32", [...x.dims.slice(0, 2), ...windows.outputs], {
    over: kernel,
    init: () => [float(0)],
    step: ({ loops: [n, c, ...at], folds, read }) => [
      fadd(state(), each(read(x, [n!, c!, ...taps(windows, at, folds)]))),
    ],
    done: () => finish(state()),
  });
}

register("LpPool", lpPool);
