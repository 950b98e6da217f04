/** Sliding windows, as Conv and the pools have them. */

import { plus, scale, shift } from "./broadcast.ts";
import type { Index } from "./builder.ts";
import type { Node } from "./node.ts";

/** of a window, its stride, its pads */
const MAX_SIZE = 0x100000;

/** One entry for each spatial axis. */
export type Windows = {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBefore: readonly number[];
  readonly padsAfter: readonly number[];
};

type Expected = { readonly length: number; readonly otherwise: number; readonly least: number };

/** An attribute with one number for each of something. */
export function listOf(node: Node, name: string, { length, otherwise, least }: Expected): readonly number[] {
  const values = node.ints(name) ?? new Array<number>(length).fill(otherwise);
  if (values.length !== length)
    return node.refuse(`${name} [${values}] has ${values.length} entries, expected ${length}`);
  for (const v of values) if (v < least || v > MAX_SIZE) node.refuse(`${name} [${values}] is out of range`);
  return values;
}

/** Reads kernel_shape, strides, dilations, pads, auto_pad (and ceil_mode where the operator has it). */
export function windowsOf(node: Node, spatial: readonly number[], kernel: readonly number[], ceil = false): Windows {
  const n = spatial.length;
  for (const k of kernel) if (k < 1 || k > MAX_SIZE) node.refuse(`kernel_shape [${kernel}] is out of range`);
  if (kernel.length !== n) node.refuse(`kernel_shape [${kernel}] for ${n} spatial axes`);
  const strides = listOf(node, "strides", { length: n, otherwise: 1, least: 1 });
  const dilations = listOf(node, "dilations", { length: n, otherwise: 1, least: 1 });
  const given = listOf(node, "pads", { length: 2 * n, otherwise: 0, least: 0 });
  const mode = node.text("auto_pad", "NOTSET");
  const axes = spatial.map((input, i) => {
    const reach = (kernel[i]! - 1) * dilations[i]! + 1;
    const stride = strides[i]!;
    if (mode === "SAME_UPPER" || mode === "SAME_LOWER") {
      const output = Math.ceil(input / stride);
      const pad = Math.max((output - 1) * stride + reach - input, 0);
      const before = mode === "SAME_UPPER" ? Math.floor(pad / 2) : Math.ceil(pad / 2);
      return { output, before, after: pad - before };
    }
    if (mode !== "NOTSET" && mode !== "VALID") node.refuse(`auto_pad ${mode} is not supported`);
    const [before, after] = mode === "VALID" ? [0, 0] : [given[i]!, given[n + i]!];
    const room = input + before + after - reach;
    if (room < 0) node.refuse(`windows of ${reach} do not fit in ${input} + ${before} + ${after} on spatial axis ${i}`);
    const output = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    // with ceil_mode, a last window that begins in the padding after the data does not count
    const excess = ceil && (output - 1) * stride >= input + before ? 1 : 0;
    return { output: output - excess, before, after };
  });
  return {
    inputs: spatial,
    outputs: axes.map((axis) => axis.output),
    kernel,
    strides,
    dilations,
    padsBefore: axes.map((axis) => axis.before),
    padsAfter: axes.map((axis) => axis.after),
  };
}

/** Where window `at` has its tap `tap`, on each axis. */
export const taps = (w: Windows, at: readonly Index[], tap: readonly Index[]): Index[] =>
  at.map((o, i) => shift(plus(scale(o, w.strides[i]!), scale(tap[i]!, w.dilations[i]!)), -w.padsBefore[i]!));
