/** What RNN, GRU and LSTM share: X·W for all steps is one product, the rest runs step by step. */
import type { Expr } from "@opengradient/program";
import { shift, zero } from "./broadcast.ts";
import type { Fold, Frame, Index, Value } from "./builder.ts";
import { numbersOf } from "./elements.ts";
import { concatenate } from "./join.ts";
import type { Node, Unary } from "./node.ts";
import { recur, type States, type Step } from "./recurrence.ts";
import { activationsOf } from "./recurrentActivations.ts";
import { fadd, float, fmax, fmin, fmul, ilt, int, isub, loop, select, state } from "./scalar.ts";

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
  // before operator set 7 it said what the names of the outputs say
  if (node.opset < 7) node.ignore("output_sequence");
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

type Product = {
  readonly start: (frame: Frame, row: Index) => Expr;
  /** what R's row is multiplied with */
  readonly unit: (frame: Frame, unit: Index) => Expr;
  readonly done?: Fold["done"];
};

/** A row of R times a vector of H units, over [slice, batch, row]; rows count from `first`. */
export const productWithR = ({ r, H }: Layer, d: number, first: number, { start, unit, done }: Product): Fold => ({
  over: [H],
  init: (frame) => [start(frame, shift(frame.loops[2]!, first))],
  step: (frame) => {
    const [k, row] = [frame.folds[0]!, shift(frame.loops[2]!, first)];
    return [fadd(state(), fmul(unit(frame, k), frame.read(r, [fixed(row, d), row, k])))];
  },
  done: done ?? (() => state()),
});

/** What a cell's kernels see of the step that they compute, at the batch of the frame. */
export type CellStep = {
  /** a row of the projected input */
  readonly input: (frame: Frame, value: Value, row: Index) => Expr;
  /** a unit of a state before this step */
  readonly before: (frame: Frame, unit: Index, state?: number) => Expr;
  /** a unit of what an earlier kernel made at this step */
  readonly made: (frame: Frame, kernel: number, unit: Index) => Expr;
};

export type CellKernel = {
  readonly width: number;
  /** the number of the state that it computes: 0 is the hidden one */
  readonly state?: number;
  readonly code: (step: CellStep) => Fold;
};

/** Runs the cell of one direction over all steps; its states as [T + lead, B, H]. */
export function runCell(
  layer: Layer,
  direction: Direction,
  initial: readonly (Value | undefined)[],
  kernels: readonly CellKernel[],
): States {
  const { node, T, B, batchFirst } = layer;
  const given = initial.map((value) => {
    if (value === undefined) return undefined;
    return ({ read }: Frame, [b, unit]: readonly Index[]): Expr => {
      const d = fixed(unit!, direction.number);
      return read(value, batchFirst ? [b!, d, unit!] : [d, b!, unit!]);
    };
  });
  return recur(
    node.build,
    { T, initial: given },
    kernels.map(({ width, state: s, code }) => ({
      dims: [B, width],
      ...(s !== undefined && { state: s }),
      code: (step) => {
        const own = cellStep(layer, direction, step);
        return s === undefined
          ? code(own)
          : untilEnd(layer, step.lead, code(own), (frame, unit) => own.before(frame, unit, s));
      },
    })),
  );
}

/** Past the end of its sequence a state stays. */
function untilEnd({ lengths }: Layer, lead: number, fold: Fold, before: (frame: Frame, unit: Index) => Expr): Fold {
  if (lengths === undefined) return fold;
  return {
    ...fold,
    done: (frame) => {
      const [, b, unit] = frame.loops as [Index, Index, Index];
      const going = ilt(isub(loop(0), int(lead)), frame.read(lengths, [b]));
      return select(going, fold.done(frame), before(frame, unit));
    },
  };
}

function cellStep({ lengths, T }: Layer, { reversed }: Direction, step: Step): CellStep {
  return {
    before: (frame, unit, s) => step.before(frame, [frame.loops[1]!, unit], s),
    made: (frame, k, unit) => step.made(frame, k, [frame.loops[1]!, unit]),
    input: (frame, value, row) => {
      const { loops, read, readAt } = frame;
      const b = loops[1]!;
      if (!reversed) return step.input(frame, value, [b, row]);
      const back = backward(loops[0]!, step.lead);
      return lengths ? readAt(value, [back, b, row], 0, read(lengths, [b])) : read(value, [shift(back, T), b, row]);
    },
  };
}

/** With a sequence's length added: the slice of a position, and the position of a slice, where steps run from the end. */
const backward = (slice: Index, lead: number): Index => ({ base: lead - 1, coef: slice.coef.map((c) => -c + 0) });

/** Y [T, D, B, H] of the hidden states of all directions; [B, T, D, H] with the batch first. Past a sequence's end 0. */
export function allSteps(layer: Layer, hidden: readonly States[]): Value {
  const { node, T, B, H, batchFirst, lengths, directions } = layer;
  const parts = hidden.map(({ values: [h], lead }, i) =>
    node.build.map("f32", batchFirst ? [B, T, 1, H] : [T, 1, B, H], ({ loops, read, readAt }) => {
      const number = batchFirst ? 1 : 0;
      const [t, b, u] = [loops[number]!, loops[batchFirst ? 0 : 2]!, loops[3]!];
      const { reversed } = directions[i]!;
      const back = backward(t, lead);
      if (lengths === undefined) return read(h!, [reversed ? shift(back, T) : shift(t, lead), b, u]);
      const length = read(lengths, [b]);
      const value = reversed ? readAt(h!, [back, b, u], 0, length) : read(h!, [shift(t, lead), b, u]);
      return select(ilt(loop(number), length), value, float(0));
    }),
  );
  return concatenate(node.build, parts, batchFirst ? 2 : 1);
}

/** A state of all directions after its last step: [D, B, H], or [B, D, H]. */
export function lastStep({ node, T, B, H, batchFirst }: Layer, all: readonly States[], s: number): Value {
  const parts = all.map(({ values, lead }) =>
    node.build.map("f32", batchFirst ? [B, 1, H] : [1, B, H], ({ loops, read }) => {
      const b = loops[batchFirst ? 0 : 1]!;
      return read(values[s]!, [fixed(b, T + lead - 1), b, loops[2]!]);
    }),
  );
  return concatenate(node.build, parts, batchFirst ? 1 : 0);
}
