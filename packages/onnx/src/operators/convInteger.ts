import { plus, scale as times } from "../broadcast.ts";
import type { Index, Value } from "../builder.ts";
import { integerDot, scaleAlong } from "../dot.ts";
import { elementsOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { oneScaling, product, rounded } from "../quantise.ts";
import { register } from "../registry.ts";
import { fdiv, fmul, i2f } from "../scalar.ts";
import { checkBias, convolutionOf, convolve } from "./conv.ts";

/** W's zero point or scale: one, or one for each output channel. */
function perChannel(node: Node, value: Value, w: Value): Value {
  const count = elementsOf(value.dims);
  return count === 1 || count === w.dims[0] ? value : node.refuse(`[${value.dims}] for the ${w.dims[0]} channels of W`);
}

function one(node: Node, value: Value): Value {
  return elementsOf(value.dims) === 1 ? value : node.refuse(`[${value.dims}] where one value is expected`);
}

/** Padding counts as X's zero point, so that it adds nothing. */
register("ConvInteger", (node) => {
  const [x, w] = [node.typed(0, "i8", "u8"), node.typed(1, "i8", "u8")];
  const [xZero, wZero] = [node.optional(2), node.optional(3)];
  const dot = integerDot(node, {
    type: "i32",
    a: { q: x, zero: xZero && one(node, xZero), axis: 0, block: 0 },
    b: { q: w, zero: wZero && perChannel(node, wZero, w), axis: 0, block: 0 },
    done: (sum) => sum,
  });
  return convolve(node, convolutionOf(node, x, w), dot);
});

/** The sum from the bias, times (x_scale·w_scale)/y_scale, rounded to the output's integers. */
register("QLinearConv", (node) => {
  const [x, w, bias] = [node.typed(0, "i8", "u8"), node.typed(3, "i8", "u8"), node.optional(8)];
  const convolution = convolutionOf(node, x, w);
  if (bias) checkBias(node, bias, convolution, "i32");
  const scaleX = scaleAlong(node, { scale: one(node, node.typed(1, "f32")), axis: 0, block: 0 }, 0)!;
  const scaleW = scaleAlong(node, { scale: perChannel(node, node.typed(4, "f32"), w), axis: 0, block: 0 }, 0)!;
  const y = oneScaling(node, 6, 7);
  const channel = ([, g, m]: readonly Index[]): Index => plus(times(g!, convolution.wide), m!);
  const dot = integerDot(node, {
    type: y.format.type,
    a: { q: x, zero: one(node, node.input(2)), axis: 0, block: 0 },
    b: { q: w, zero: perChannel(node, node.input(5), w), axis: 0, block: 0 },
    ...(bias && { start: (frame) => frame.read(bias, [channel(frame.loops)]) }),
    done: (sum, frame, row, column) => {
      const scale = fdiv(product(scaleX(frame, row), scaleW(frame, column)), y.scale);
      return rounded(fmul(i2f(sum), scale), y);
    },
  });
  return convolve(node, convolution, dot);
});
