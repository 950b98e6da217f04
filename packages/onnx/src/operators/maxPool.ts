import type { Expr } from "@opengradient/program";
import type { Value } from "../builder.ts";
import { type Binary, kindOf, type Node } from "../node.ts";
import { register } from "../registry.ts";
import { floatBits, fmax, imax, state, word } from "../scalar.ts";
import { taps, windowsOf } from "../windows.ts";

/** What is at most everything, and the greater of two, by kind. */
const KINDS: Record<"float" | "signed" | "unsigned", { least: number; max: Binary }> = {
  float: { least: floatBits(Number.NEGATIVE_INFINITY), max: fmax },
  signed: { least: 0x80000000, max: imax },
  unsigned: { least: 0, max: imax },
};

/** Values only: Indices is refused where it is used. A window that covers nothing but padding gives the least value. */
function maxPool(node: Node): readonly Value[] {
  const x = node.typed(0, "f32", "i8", "u8");
  if (node.wants(1)) return node.refuse("output Indices is not supported");
  node.ignore("storage_order");
  const kernel = node.ints("kernel_shape") ?? node.refuse("attribute kernel_shape is missing");
  if (x.dims.length < 3) return node.refuse(`X [${x.dims}] has no spatial axis`);
  const windows = windowsOf(node, x.dims.slice(2), kernel, node.int("ceil_mode", 0) !== 0);
  const { least, max } = kindOf(node, KINDS, x.type);
  const start: Expr = word(x.type === "i8" ? -128 : least);
  return [
    node.build.fold(x.type, [...x.dims.slice(0, 2), ...windows.outputs], {
      over: kernel,
      init: () => [start],
      step: ({ loops: [n, c, ...at], folds, read }) => [
        max(state(), read(x, [n!, c!, ...taps(windows, at, folds)], least)),
      ],
      done: () => state(),
    }),
  ];
}

register("MaxPool", maxPool);
