import { plus, scale } from "../broadcast.ts";
import { type Value, view } from "../builder.ts";
import { type Dot, dotOf } from "../dot.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { taps, type Windows, windowsOf } from "../windows.ts";

/** Loops of a convolution: [N, group, channels of a group, …]. */
export type Convolution = {
  readonly N: number;
  readonly group: number;
  /** input and output channels of a group */
  readonly perGroup: number;
  readonly wide: number;
  readonly windows: Windows;
};

/** X [N, C, …] and W [M, C/group, kernel…] under the attributes of a convolution. */
export function convolutionOf(node: Node, x: Value, w: Value): Convolution {
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
  return { N, group, perGroup, wide: M / group, windows: windowsOf(node, x.dims.slice(2), kernel) };
}

/** The convolution of a dot's operands → [N, M, …]. Taps in the padding read what adds nothing. */
export function convolve(node: Node, { N, group, perGroup, wide, windows }: Convolution, dot: Dot): Value {
  const result = node.build.fold(dot.type, [N, group, wide, ...windows.outputs], {
    over: [perGroup, ...windows.kernel],
    init: (frame) => [dot.start(frame)],
    step: ({ loops: [n, g, m, ...at], folds: [c, ...tap], read }) => [
      dot.step(
        read(dot.a, [n!, plus(scale(g!, perGroup), c!), ...taps(windows, at, tap)], dot.outside),
        read(dot.b, [plus(scale(g!, wide), m!), c!, ...tap]),
      ),
    ],
    done: (frame) => {
      const [n, g, m] = frame.loops;
      return dot.done(frame, n!, plus(scale(g!, wide), m!));
    },
  });
  return view(result, [N, group * wide, ...windows.outputs]);
}

/** B [M] is added once. */
export const checkBias = (node: Node, bias: Value, { group, wide }: Convolution, type: Value["type"]): void => {
  if (bias.type !== type || String(bias.dims) !== String([group * wide]))
    node.refuse(`B is ${bias.type} [${bias.dims}], expected ${type} [${group * wide}]`);
};

function conv(node: Node): Value {
  const [x, w, bias] = [node.typed(0, "f32"), node.typed(1, "f32"), node.optional(2)];
  const convolution = convolutionOf(node, x, w);
  if (bias) checkBias(node, bias, convolution, "f32");
  const dot = dotOf(node, {
    a: x,
    b: w,
    kept: { a: 0, b: 0 },
    bias,
    readBias: ({ loops: [, g, m], read }, value) => read(value, [plus(scale(g!, convolution.wide), m!)]),
  });
  return convolve(node, convolution, dot);
}

register("Conv", conv);
