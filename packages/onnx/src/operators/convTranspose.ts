import { plus, scale, shift } from "../broadcast.ts";
import { type Builder, type Index, type Value, view } from "../builder.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, float, fmul, state } from "../scalar.ts";
import { listOf } from "../windows.ts";

/** One entry for each spatial axis: output o gets input (o + before − dilation·tap) / stride where that is whole. */
type Spread = {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly outputs: readonly number[];
};

function spreadOf(node: Node, spatial: readonly number[], kernel: readonly number[]): Spread {
  const n = spatial.length;
  const strides = listOf(node, "strides", { length: n, otherwise: 1, least: 1 });
  const dilations = listOf(node, "dilations", { length: n, otherwise: 1, least: 1 });
  const more = listOf(node, "output_padding", { length: n, otherwise: 0, least: 0 });
  const pads = listOf(node, "pads", { length: 2 * n, otherwise: 0, least: 0 });
  const mode = node.text("auto_pad", "NOTSET");
  if (!["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].includes(mode)) node.refuse(`auto_pad ${mode} is not supported`);
  const same = mode.startsWith("SAME") ? spatial.map((d, i) => d * strides[i]!) : undefined;
  const wanted = node.ints("output_shape")?.slice(-n) ?? same;
  const axes = spatial.map((d, i) => {
    const whole = (d - 1) * strides[i]! + more[i]! + (kernel[i]! - 1) * dilations[i]! + 1;
    if (wanted === undefined) {
      const [before, after] = mode === "VALID" ? [0, 0] : [pads[i]!, pads[n + i]!];
      return { before, output: whole - before - after };
    }
    const total = Math.max(whole - wanted[i]!, 0);
    return { before: mode === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2), output: wanted[i]! };
  });
  const outputs = axes.map(({ output }) => output);
  if (outputs.some((o) => !(o >= 1))) node.refuse(`pads leave [${outputs}] of [${spatial}]`);
  return { kernel, strides, dilations, outputs, before: axes.map(({ before }) => before) };
}

/** X [N, C, …], W [C, M/group, kernel…], B [M] → [N, M, …]: the transpose of Conv. */
function convTranspose(node: Node): Value {
  const [x, w] = [node.typed(0, "f32"), node.typed(1, "f32")];
  const bias = node.optional(2);
  const rank = x.dims.length - 2;
  const group = node.int("group", 1);
  if (rank < 1 || w.dims.length !== rank + 2 || w.dims[0] !== x.dims[1] || w.dims[0]! % group !== 0)
    return node.refuse(`X [${x.dims}], W [${w.dims}] and group ${group} do not fit`);
  const kernel = node.ints("kernel_shape") ?? w.dims.slice(2);
  if (String(kernel) !== String(w.dims.slice(2)))
    return node.refuse(`kernel_shape [${kernel}] and W [${w.dims}] differ`);
  const M = w.dims[1]! * group;
  if (bias && (bias.type !== "f32" || String(bias.dims) !== String([M])))
    return node.refuse(`B is [${bias.dims}], expected [${M}]`);
  const spread = spreadOf(node, x.dims.slice(2), kernel);
  // a grid of whole strides needs two loops an axis, and every tap at a whole place in it
  const split = spread.strides.filter((s) => s > 1).length;
  const onGrid = spread.strides.every((s, i) => s === 1 || spread.dilations[i] === 1) && 3 + rank + split <= 8;
  if (onGrid) return grid(node.build, { x, w, bias, group }, spread);
  const stuffed = zeroStuffed(node.build, x, spread.strides);
  return grid(node.build, { x: stuffed, w, bias, group }, { ...spread, strides: spread.strides.map(() => 1) });
}

/** s − 1 zeros after each element of each spatial axis. */
export function zeroStuffed(build: Builder, x: Value, strides: readonly number[]): Value {
  const [outer, spatial] = [x.dims.slice(0, 2), x.dims.slice(2)];
  const apart = view(x, [...outer, ...spatial.flatMap((d) => [d, 1])]);
  const dims = [...outer, ...spatial.flatMap((d, i) => [d, strides[i]!])];
  const stuffed = build.map(x.type, dims, ({ loops, read }) => read(apart, loops));
  return view(stuffed, [...outer, ...spatial.map((d, i) => d * strides[i]!)]);
}

type Operands = {
  readonly x: Value;
  readonly w: Value;
  readonly bias: Value | undefined;
  readonly group: number;
};

/**
 * Output position f = stride·q + r: the taps stride·t + r of each remainder meet the inputs at q − dilation·t, where dilation
 * or stride is 1. What comes before the output is computed too, and left out by a view.
 */
function grid(build: Builder, { x, w, bias, group }: Operands, spread: Spread): Value {
  const { kernel, strides, dilations, before, outputs } = spread;
  const [N, C] = x.dims as [number, number];
  const [perGroup, wide] = [C / group, w.dims[1]!];
  const steps = kernel.map((k, i) => Math.ceil(k / strides[i]!));
  const quotients = outputs.map((o, i) => Math.ceil((o + before[i]!) / strides[i]!));
  // taps [C, M/group, (t, r)…] with zeros past the kernel's end
  const taps = build.map("f32", [C, wide, ...steps.flatMap((t, i) => [t, strides[i]!])], ({ loops, read }) =>
    read(w, [...loops.slice(0, 2), ...kernel.map((_, i) => mixed(loops[2 + 2 * i]!, loops[3 + 2 * i]!, strides[i]!))]),
  );
  const full = build.fold("f32", [N, group, wide, ...quotients.flatMap((q, i) => [q, strides[i]!])], {
    over: [perGroup, ...steps],
    init: ({ loops: [, g, m], read }) => [bias ? read(bias, [plus(scale(g!, wide), m!)]) : float(0)],
    step: ({ loops: [n, g, m, ...at], folds: [c, ...t], read }) => {
      const channel = plus(scale(g!, perGroup), c!);
      const from = t.map((tap, i) => plus(at[2 * i]!, scale(tap, -dilations[i]!)));
      const tap = t.flatMap((index, i) => [index, at[2 * i + 1]!]);
      return [fadd(state(), fmul(read(x, [n!, channel, ...from]), read(taps, [channel, m!, ...tap])))];
    },
    done: () => state(),
  });
  const whole = view(full, [N, wide * group, ...quotients.map((q, i) => q * strides[i]!)]);
  const dims = [N, wide * group, ...outputs];
  if (String(whole.dims) === String(dims)) return whole;
  return build.map("f32", dims, ({ loops, read }) =>
    read(
      whole,
      loops.map((at, i) => (i < 2 ? at : shift(at, before[i - 2]!))),
    ),
  );
}

/** stride·t + r */
const mixed = (t: Index, r: Index, stride: number): Index => plus(scale(t, stride), r);

register("ConvTranspose", convTranspose);
