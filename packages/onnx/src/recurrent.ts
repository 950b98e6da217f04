/**
 * What RNN, GRU and LSTM share: X·W for all steps is one product; the steps are a recurrent group, whose slice 0 is the
 * initial state where there is one. A single step needs no group.
 */
import type { Expr } from "@opengradient/program";
import { shift, zero } from "./broadcast.ts";
import { constant, type Fold, type Frame, type Index, type Value } from "./builder.ts";
import { fromFloats, numbersOf } from "./elements.ts";
import type { Node, Unary } from "./node.ts";
import { activationsOf } from "./recurrentActivations.ts";
import { fadd, float, fmax, fmin, fmul, ieq, ilt, int, isub, loop, or, select, state } from "./scalar.ts";

/** X [T, B, I], W [D, G·H, I], R [D, G·H, H], bias [D, 2·G·H] of a layer with G gates; D directions. */
export type Layer = {
  readonly node: Node;
  readonly x: Value;
  readonly w: Value;
  readonly r: Value;
  readonly bias: Value | undefined;
  readonly T: number;
  readonly B: number;
  readonly H: number;
  /** G·H */
  readonly rows: number;
  /** `layout` 1: X and the states come and go with the batch first */
  readonly batchFirst: boolean;
  /** steps that each sequence of the batch has, where not all have T */
  readonly lengths: Value | undefined;
  readonly directions: readonly Direction[];
  /** to ±clip */
  readonly clip: Unary;
};

export type Direction = {
  readonly number: number;
  readonly reversed: boolean;
  readonly activations: readonly Unary[];
};

/** @param activations the default of each */
export function layerOf(node: Node, gates: number, activations: readonly string[]): Layer {
  const [x, w, r] = [node.typed(0, "f32"), node.typed(1, "f32"), node.typed(2, "f32")];
  const bias = node.optional(3) && node.typed(3, "f32");
  const batchFirst = node.int("layout", 0) !== 0;
  const direction = node.text("direction", "forward");
  const backward = { forward: [false], reverse: [true], bidirectional: [false, true] }[direction];
  if (backward === undefined) return node.refuse(`direction ${direction} is not known`);
  if (x.dims.length !== 3) return node.refuse(`X [${x.dims}] is not of rank 3`);
  const [T, B, I] = (batchFirst ? [x.dims[1], x.dims[0], x.dims[2]] : x.dims) as [number, number, number];
  const H = r.dims[2] ?? 0;
  const [D, rows] = [backward.length, gates * H];
  if (String([w.dims, r.dims, bias?.dims ?? [D, 2 * rows]]) !== String([D, rows, I, D, rows, H, D, 2 * rows]))
    return node.refuse(`X [${x.dims}], W [${w.dims}], R [${r.dims}] and B [${bias?.dims ?? "none"}] do not fit`);
  if (node.int("hidden_size", H) !== H) return node.refuse(`hidden_size ${node.int("hidden_size")} and R differ`);
  const perDirection = activationsOf(node, activations, D);
  const directions = backward.map((reversed, number) => ({ number, reversed, activations: perDirection[number]! }));
  const lengths = lengthsOf(node, B, T);
  return { node, x, w, r, bias, T, B, H, rows, batchFirst, lengths, directions, clip: clipOf(node) };
}

function clipOf(node: Node): Unary {
  if (!node.has("clip")) return (x) => x;
  const [low, high] = [float(-node.float("clip")), float(node.float("clip"))];
  return (x) => fmax(low, fmin(high, x));
}

/** Input 4, unless all sequences are known to have all steps. */
function lengthsOf(node: Node, B: number, T: number): Value | undefined {
  const lengths = node.optional(4) && node.typed(4, "i32");
  if (lengths === undefined) return undefined;
  if (String(lengths.dims) !== String([B])) return node.refuse(`sequence_lens is [${lengths.dims}], expected [${B}]`);
  const known = node.build.known(lengths);
  return known && numbersOf(known).every((length) => length === T) ? undefined : lengths;
}

/** The index with this value everywhere. */
export const fixed = (like: Index, base: number): Index => ({ ...zero(like), base });

/** X·Wᵀ with W's bias, and R's where `withR`: [T, B, rows]. */
export function projection({ node, x, w, bias, T, B, rows, batchFirst }: Layer, d: number, withR: boolean): Value {
  const biases = bias && [0, ...(withR ? [rows] : [])];
  const start =
    bias &&
    node.build.map("f32", [rows], ({ loops: [row], read }) =>
      biases!.map((from) => read(bias, [fixed(row!, d), shift(row!, from)])).reduce(fadd),
    );
  return node.build.fold("f32", [T, B, rows], {
    over: [x.dims[2]!],
    init: ({ loops: [, , row], read }) => [start ? read(start, [row!]) : float(0)],
    step: ({ loops: [t, b, row], folds: [i], read }) => [
      fadd(state(), fmul(read(x, batchFirst ? [b!, t!, i!] : [t!, b!, i!]), read(w, [fixed(row!, d), row!, i!]))),
    ],
    done: () => state(),
  });
}

/** What a cell's kernels, which run over [slice, batch, unit], see. */
export type Step = {
  /** `value` [T, B, …] at this slice's step; 0 in the initial slice */
  readonly input: (frame: Frame, value: Value, row: Index) => Expr;
  /** a unit of a state as the slice before left it */
  readonly before: (frame: Frame, unit: Index, state?: number) => Expr;
  /** a unit of what an earlier kernel of the cell made at this slice */
  readonly made: (frame: Frame, kernel: number, unit: Index) => Expr;
};

export type CellKernel = {
  readonly width: number;
  /** the number of the state that it computes: 0 is the hidden one */
  readonly state?: number;
  readonly code: (step: Step) => Fold;
};

/** A fold that is a map. */
export const mapped = (done: (frame: Frame) => Expr): Fold => ({ over: [], init: () => [], step: () => [], done });

type Product = {
  readonly start: (frame: Frame, row: Index) => Expr;
  /** what R's row is multiplied with */
  readonly unit: (frame: Frame, unit: Index) => Expr;
  readonly done?: Fold["done"];
};

/** A row of R times a vector of H units; rows count from `first`. */
export const productWithR = ({ r, H }: Layer, d: number, first: number, { start, unit, done }: Product): Fold => ({
  over: [H],
  init: (frame) => [start(frame, shift(frame.loops[2]!, first))],
  step: (frame) => {
    const [k, row] = [frame.folds[0]!, shift(frame.loops[2]!, first)];
    return [fadd(state(), fmul(unit(frame, k), frame.read(r, [fixed(row, d), row, k])))];
  },
  done: done ?? (() => state()),
});

/** Runs the cell of one direction over all slices; each state as [slices, B, H]. */
export type States = { readonly values: readonly Value[]; readonly lead: number };

type Run = { readonly layer: Layer; readonly direction: Direction; readonly initial: readonly (Value | undefined)[] };

export function runCell({ layer, direction, initial }: Run, kernels: readonly CellKernel[]): States {
  const { node, T, B } = layer;
  const states = initial.map((_, s) => kernels.findIndex((kernel) => kernel.state === s));
  if (T === 1) {
    const values: Value[] = [];
    const context = { layer, direction, lead: 0, initial, values };
    const zeros = constant(fromFloats(new Array<number>(B * layer.H).fill(0), [1, B, layer.H]));
    const before: Step["before"] = (frame, unit, s = 0) => {
      const given = initial[s];
      return given
        ? readState(context, given, frame, unit)
        : frame.read(zeros, [fixed(unit, 0), frame.loops[1]!, unit]);
    };
    for (const kernel of kernels)
      values.push(node.build.fold("f32", [1, B, kernel.width], foldOf(context, kernel, before)));
    return { values: states.map((k) => values[k]!), lead: 0 };
  }
  const lead = initial.some((value) => value !== undefined) ? 1 : 0;
  const members = kernels.map(({ width }) => ({ type: "f32" as const, dims: [T + lead, B, width] }));
  const made = node.build.recurrent(members, (values) => {
    const context = { layer, direction, lead, initial, values };
    const before: Step["before"] = (frame, unit, s = 0) =>
      frame.read(values[states[s]!]!, [shift(frame.loops[0]!, -1), frame.loops[1]!, unit]);
    return kernels.map((kernel) => foldOf(context, kernel, before));
  });
  return { values: states.map((k) => made[k]!), lead };
}

type Context = Run & { readonly lead: number; readonly values: readonly Value[] };

/** An initial state [D, B, H], or [B, D, H], of this direction. */
function readState({ layer, direction }: Context, value: Value, { loops, read }: Frame, unit: Index): Expr {
  const [d, b] = [fixed(unit, direction.number), loops[1]!];
  return read(value, layer.batchFirst ? [b, d, unit] : [d, b, unit]);
}

function foldOf(context: Context, kernel: CellKernel, before: Step["before"]): Fold {
  const { layer, direction, lead, initial, values } = context;
  const input: Step["input"] = ({ loops: [slice, b], read, readAt }, value, row) => {
    const t = shift(slice!, -lead);
    if (!direction.reversed) return read(value, [t, b!, row]);
    const back = { base: lead - 1, coef: slice!.coef.map((c) => -c + 0) };
    return layer.lengths
      ? readAt(value, [back, b!, row], 0, read(layer.lengths, [b!]))
      : read(value, [shift(back, layer.T), b!, row]);
  };
  const made: Step["made"] = ({ loops: [slice, b], read }, k, unit) => read(values[k]!, [slice!, b!, unit]);
  const fold = kernel.code({ input, before, made });
  const s = kernel.state;
  if (s === undefined) return fold;
  return {
    ...fold,
    done: (frame) => {
      const unit = frame.loops[2]!;
      let value = fold.done(frame);
      if (layer.lengths) {
        const step = isub(loop(0), int(lead));
        value = select(ilt(step, frame.read(layer.lengths, [frame.loops[1]!])), value, before(frame, unit, s));
      }
      if (lead === 0) return value;
      const first = initial[s] ? readState(context, initial[s], frame, unit) : float(0);
      return select(ieq(loop(0), int(0)), first, value);
    },
  };
}

/** Y [T, D, B, H] of the hidden states of all directions; [B, T, D, H] with the batch first. Past a sequence's end 0. */
export function allSteps(layer: Layer, hidden: readonly States[]): Value {
  const { node, T, B, H, batchFirst, lengths, directions } = layer;
  const parts = hidden.map(({ values: [h], lead }, i) =>
    node.build.map("f32", [T, B, H], ({ loops: [t, b, u], read, readAt }) => {
      const { reversed } = directions[i]!;
      const back = { base: lead - 1, coef: t!.coef.map((c) => -c + 0) };
      if (lengths === undefined) return read(h!, [reversed ? shift(back, T) : shift(t!, lead), b!, u!]);
      const length = read(lengths, [b!]);
      const value = reversed ? readAt(h!, [back, b!, u!], 0, length) : read(h!, [shift(t!, lead), b!, u!]);
      return select(ilt(loop(0), length), value, float(0));
    }),
  );
  const D = directions.length;
  const join = (t: Index, d: Index, b: Index, u: Index, read: Frame["read"]): Expr =>
    parts.map((part, i) => read({ ...part, dims: [T, 1, B, H] }, [t, shift(d, -i), b, u])).reduce(or);
  return batchFirst
    ? node.build.map("f32", [B, T, D, H], ({ loops: [b, t, d, u], read }) => join(t!, d!, b!, u!, read))
    : node.build.map("f32", [T, D, B, H], ({ loops: [t, d, b, u], read }) => join(t!, d!, b!, u!, read));
}

/** A state of all directions after its last step: [D, B, H], or [B, D, H]. */
export function lastStep({ node, T, B, H, batchFirst }: Layer, all: readonly States[], s: number): Value {
  const D = all.length;
  return node.build.map("f32", batchFirst ? [B, D, H] : [D, B, H], ({ loops, read }) => {
    const [d, b] = (batchFirst ? [loops[1], loops[0]] : [loops[0], loops[1]]) as [Index, Index];
    const parts = all.map(({ values, lead }, i) => {
      const value = values[s]!;
      // each direction is inside at its own d only
      const split = { ...value, dims: [T + lead, 1, B, H] };
      return read(split, [fixed(d, T + lead - 1), shift(d, -i), b, loops[2]!]);
    });
    return parts.reduce(or);
  });
}
