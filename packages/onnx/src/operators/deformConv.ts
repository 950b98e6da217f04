import { affineCode } from "@opengradient/program";
import { plus, scale } from "../broadcast.ts";
import { type Index, type Value, view } from "../builder.ts";
import { dotOf } from "../dot.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { linearTaps, weighted } from "../sampling.ts";
import { fadd, fmul, i2f } from "../scalar.ts";
import { taps } from "../windows.ts";
import { checkBias, convolutionOf, convolve } from "./conv.ts";

/** Conv on images, each tap moved by an offset of its own and weighed by a mask: what the taps read first, then the products. */
function deformConv(node: Node): Value {
  const [x, w, offset] = [node.typed(0, "f32"), node.typed(1, "f32"), node.typed(2, "f32")];
  const [bias, mask] = [node.optional(3), node.optional(4)];
  const convolution = convolutionOf(node, x, w);
  const { windows, wide } = convolution;
  const [N, C] = x.dims as [number, number];
  const [[kh, kw], [oh, ow]] = [windows.kernel, windows.outputs] as [[number, number], [number, number]];
  const sets = node.int("offset_group", 1);
  const fits =
    x.dims.length === 4 &&
    C % sets === 0 &&
    String(offset.dims) === String([N, sets * kh * kw * 2, oh, ow]) &&
    (mask === undefined || String(mask.dims) === String([N, sets * kh * kw, oh, ow]));
  if (!fits) return node.refuse(`X [${x.dims}], offset [${offset.dims}], mask [${mask?.dims ?? ""}] do not fit`);
  if (bias) checkBias(node, bias, convolution, "f32");
  const moved = view(offset, [N, sets, kh, kw, 2, oh, ow]);
  const weights = mask && view(mask, [N, sets, kh, kw, oh, ow]);
  const perSet = C / sets;
  // an image of windows side by side
  const sampled = node.build.map("f32", [N, sets, perSet, oh, kh, ow, kw], (frame) => {
    const [n, set, c, oy, ky, ox, kx] = frame.loops as [Index, Index, Index, Index, Index, Index, Index];
    const axes = taps(windows, [oy, ox], [ky, kx]).map((place, axis) => {
      const which: Index = { base: axis, coef: n.coef.map(() => 0) };
      return linearTaps(fadd(i2f(affineCode(place, 7)), frame.read(moved, [n, set, ky, kx, which, oy, ox])));
    });
    const element = weighted(frame, x, [n, plus(scale(set, perSet), c)], axes);
    return weights ? fmul(element, frame.read(weights, [n, set, ky, kx, oy, ox])) : element;
  });
  const dot = dotOf(node, {
    a: view(sampled, [N, C, oh * kh, ow * kw]),
    b: w,
    kept: { a: 0, b: 0 },
    bias,
    readBias: ({ loops: [, g, m], read }, value) => read(value, [plus(scale(g!, wide), m!)]),
  });
  const [none, ones] = [
    [0, 0],
    [1, 1],
  ];
  const apart = { inputs: [oh * kh, ow * kw], strides: [kh, kw], dilations: ones, padsBefore: none, padsAfter: none };
  return convolve(node, { ...convolution, windows: { ...windows, ...apart } }, dot);
}

register("DeformConv", deformConv);
