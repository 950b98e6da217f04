import type { Expr } from "@opengradient/program";
import { constant, type Frame, type Value } from "../builder.ts";
import { elementsOf, fromFloats, MAX_IMPORT_STEPS } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, fdiv, float, state } from "../scalar.ts";
import { taps, type Windows, windowsOf } from "../windows.ts";

/** Sum over the taps inside, divided by how many count. */
function averagePool(node: Node): Value {
  const x = node.typed(0, "f32");
  const kernel = node.ints("kernel_shape") ?? node.refuse("attribute kernel_shape is missing");
  if (x.dims.length < 3) return node.refuse(`X [${x.dims}] has no spatial axis`);
  const windows = windowsOf(node, x.dims.slice(2), kernel, node.int("ceil_mode", 0) !== 0);
  const padding = node.int("count_include_pad", 0) !== 0;
  const counts = tapCounts(windows, padding);
  if (counts.some((axis) => axis.includes(0))) return node.refuse("a window covers nothing but padding");
  const divisor = divisorOf(node, windows, counts);
  return node.build.fold("f32", [...x.dims.slice(0, 2), ...windows.outputs], {
    over: kernel,
    init: () => [float(0)],
    step: ({ loops: [n, c, ...at], folds, read }) => [fadd(state(), read(x, [n!, c!, ...taps(windows, at, folds)]))],
    done: (frame) => fdiv(state(), divisor(frame)),
  });
}

/**
 * For each axis and output position the taps that count: inside the data, or also in the padding. Those beyond it, where a
 * last window of ceil_mode may end, never do.
 */
function tapCounts(w: Windows, padding: boolean): number[][] {
  return w.outputs.map((outputs, axis) => {
    const end = w.inputs[axis]! + (padding ? w.padsAfter[axis]! : 0);
    const start = padding ? -w.padsBefore[axis]! : 0;
    return Array.from({ length: outputs }, (_, o) => {
      let inside = 0;
      for (let t = 0; t < w.kernel[axis]!; t++) {
        const at = o * w.strides[axis]! + t * w.dilations[axis]! - w.padsBefore[axis]!;
        if (at >= start && at < end) inside++;
      }
      return inside;
    });
  });
}

/** The product of the axes' counts: a number, or a table over the output positions. */
function divisorOf(node: Node, w: Windows, counts: readonly (readonly number[])[]): (frame: Frame) => Expr {
  if (counts.every((axis) => axis.every((n) => n === axis[0]))) {
    const all = float(counts.reduce((product, axis) => product * axis[0]!, 1));
    return () => all;
  }
  if (elementsOf(w.outputs) > MAX_IMPORT_STEPS)
    return node.refuse(`a table of divisors for [${w.outputs}] is too large`);
  const products = counts.reduce((list, axis) => list.flatMap((n) => axis.map((m) => n * m)), [1]);
  const table = constant(fromFloats(products, w.outputs));
  return ({ loops, read }) => read(table, loops.slice(2));
}

register("AveragePool", averagePool);
