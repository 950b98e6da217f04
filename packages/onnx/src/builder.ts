/** Kernels under construction: what operators emit, and the values that they pass on. */
import {
  type Access,
  type Affine,
  type Draft,
  DraftError,
  draft,
  type Expr,
  type Kernel,
  runAlone,
  type Space,
  type Tensor,
  type TensorInfo,
  toKernel,
} from "@opengradient/program";
import {
  type Constant,
  dtypeOf,
  type ElementType,
  elementsOf,
  fits,
  fromBigInts,
  isWide,
  MAX_ELEMENTS,
  MAX_IMPORT_STEPS,
  numbersOf,
} from "./elements.ts";
import { OnnxError } from "./errors.ts";
import type { Format } from "./formats.ts";
import { and, int, sar, shl, state, word } from "./scalar.ts";

/** A tensor of the graph: row-major, under dims that views may change without copying. */
export type Value = {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly origin: Origin;
  /** what ONNX has in its place, where that is another type than `type` */
  readonly format?: Format;
  /** the integers that it was dequantised from */
  readonly quantised?: Quantised;
  /** the strings that the numbers stand for, or the names of the columns of a map */
  readonly names?: readonly string[];
};

/** How integers stand for real numbers: (q − zero)·scale. */
export type Scaling = {
  /** f32: one value, one for each index of `axis`, or one for each block of `axis` */
  readonly scale: Value;
  /** shaped as `scale`; absent for 0 */
  readonly zero: Value | undefined;
  readonly axis: number;
  /** length of a block, 0 without blocks */
  readonly block: number;
};

export type Quantised = Scaling & { readonly q: Value };

export type Origin =
  | { readonly kind: "tensor"; readonly space: Space; readonly index: number }
  /** becomes a weight when a kernel reads it */
  | { readonly kind: "constant"; readonly constant: Constant };

export type Index = Affine;

/** A word that is added to one entry of an index. */
export type Move = { readonly dim: number; readonly by: Expr };

/** The index space of a kernel that is being written. */
export type Frame = {
  /** one for each loop and fold */
  readonly loops: readonly Index[];
  readonly folds: readonly Index[];
  /** The element of `value` at `index`, one entry for each dimension; `elseWord` where an entry is outside. */
  readonly read: (value: Value, index: readonly Index[], elseWord?: number) => Expr;
  /** The same, with the word of `offset` added to entry `dim`. */
  readonly readAt: (value: Value, index: readonly Index[], dim: number, offset: Expr) => Expr;
  /** The same for one or two entries. */
  readonly readMoved: (value: Value, index: readonly Index[], moves: readonly Move[], elseWord?: number) => Expr;
};

export type Fold = {
  readonly over: readonly number[];
  readonly init: (frame: Frame) => readonly Expr[];
  readonly step: (frame: Frame) => readonly Expr[];
  readonly done: (frame: Frame) => Expr;
};

/** What a kernel of a group computes. */
export type Member = Pick<Value, "type" | "dims">;

export type Builder = {
  readonly input: (type: ElementType, dims: readonly number[]) => Value;
  readonly map: (type: ElementType, dims: readonly number[], code: (frame: Frame) => Expr) => Value;
  readonly fold: (type: ElementType, dims: readonly number[], fold: Fold) => Value;
  /**
   * A recurrent group: kernels that run slice by slice over their first dimension, at least 2 and the same in all.
   * `code` writes one fold for each member, a map when it folds over nothing. A member reads earlier members up to its own
   * slice, itself and later ones before it; what is not there yet is the else-word.
   */
  readonly recurrent: (
    members: readonly Member[],
    code: (values: readonly Value[]) => readonly Fold[],
  ) => readonly Value[];
  /** What is known of a value at import: constants, and results that depend on nothing else. */
  readonly known: (value: Value) => Constant | undefined;
  /** What a user should know, in words; the same words count once. */
  readonly note: (text: string) => void;
  /** Names the kernels that follow. */
  readonly label: (name: string) => void;
  readonly finish: () => Built;
};

export type Built = {
  readonly inputs: readonly TensorInfo[];
  readonly weights: readonly Tensor[];
  readonly kernels: readonly Kernel[];
  /** where each kernel came from */
  readonly labels: readonly string[];
  readonly notes: readonly string[];
};

export const constant = (c: Constant): Value => ({
  type: c.type,
  dims: c.dims,
  origin: { kind: "constant", constant: c },
  ...(c.format && { format: c.format }),
});

/** The same elements under other dimensions. */
export const view = (value: Value, dims: readonly number[]): Value =>
  value.origin.kind === "constant"
    ? { ...value, dims, origin: { kind: "constant", constant: { ...value.origin.constant, dims } } }
    : { ...value, dims };

export function rowMajor(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(1);
  for (let i = dims.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * dims[i + 1]!;
  return strides;
}

const basis = (indices: number, at: number): Index => ({
  base: 0,
  coef: Array.from({ length: indices }, (_, i) => (i === at ? 1 : 0)),
});

type Store = {
  readonly inputs: TensorInfo[];
  readonly weights: Tensor[];
  readonly kernels: Kernel[];
  readonly labels: string[];
  /** weight number by the data that it holds */
  readonly weightOf: Map<Uint8Array, number>;
  /** results that were computed at import; undefined for those that depend on an input */
  readonly evaluated: Map<number, Uint8Array | undefined>;
  /** that may still be evaluated */
  stepsLeft: number;
};

function tensorOf({ weights, weightOf }: Store, value: Value): { space: Space; index: number } {
  if (value.origin.kind === "tensor") return value.origin;
  const { data, type, dims } = value.origin.constant;
  if (!fits(value.origin.constant))
    throw new OnnxError("a 64-bit integer constant beyond 32 bits can not be computed with");
  if (!weightOf.has(data)) {
    // the header holds up to eight dimensions
    const shown = dims.length <= 8 ? dims : [elementsOf(dims)];
    weightOf.set(data, weights.push({ dtype: dtypeOf(type), dims: shown, data }) - 1);
  }
  return { space: 1, index: weightOf.get(data)! };
}

function accessOf(store: Store, value: Value, at: readonly Index[], elseWord: number): Access {
  if (at.length !== value.dims.length) throw new Error(`${at.length} indices for [${value.dims}]`);
  const strides = rowMajor(value.dims);
  const coordinates = at.map((index, i) => ({ ...index, extent: value.dims[i]!, stride: strides[i]! }));
  const { space, index } = tensorOf(store, value);
  const length = elementsOf(value.dims);
  return { space, index, dtype: dtypeOf(value.type), length, elseWord, dynMask: 0, coordinates };
}

function readMoved(store: Store, value: Value, at: readonly Index[], moves: readonly Move[], elseWord: number): Expr {
  if (elementsOf(value.dims) === 0) return word(elseWord);
  const access = accessOf(store, value, at, elseWord);
  // registers go to the lowest-numbered dynamic coordinates
  const dynamic = moves.map(({ dim }) => access.coordinates[dim]!);
  const fixed = access.coordinates.filter((_, j) => !moves.some(({ dim }) => dim === j));
  const dynMask = 2 ** moves.length - 1;
  const offsets = moves.map(({ by }) => by);
  return { kind: "load", access: { ...access, coordinates: [...dynamic, ...fixed], dynMask }, offsets };
}

function frameOf(store: Store, loops: number, folds: number): Frame {
  return {
    loops: Array.from({ length: loops }, (_, i) => basis(loops + folds, i)),
    folds: Array.from({ length: folds }, (_, i) => basis(loops + folds, loops + i)),
    read: (value, at, elseWord = 0) =>
      elementsOf(value.dims) === 0
        ? word(elseWord)
        : { kind: "load", access: accessOf(store, value, at, elseWord), offsets: [] },
    readAt: (value, at, dim, offset) => readMoved(store, value, at, [{ dim, by: offset }], 0),
    readMoved: (value, at, moves, elseWord = 0) => readMoved(store, value, at, moves, elseWord),
  };
}

/** No kernel computes it. */
export const empty = (type: ElementType, dims: readonly number[]): Value =>
  constant({ type, dims, data: new Uint8Array(), ...(isWide(type) && { wide: [] }) });

/** A fold over nothing: what it starts from. */
const emptyFold = ({ over, init, done }: Fold): Fold => ({
  over: over.map(() => 1),
  init,
  step: (frame) => init(frame).map((_, at) => state(at)),
  done,
});

/** The word that a value of `type` is stored as: 16-bit integers wrap as narrower ones do in their store; copies are narrow. */
export function narrowed(type: ElementType, value: Expr): Expr {
  if (value.kind === "load") return value;
  if (type === "u16") return and(value, int(0xffff));
  return type === "i16" ? sar(shl(value, int(16)), int(16)) : value;
}

/** Adds a kernel; the value that it computes. */
function emit(store: Store, value: Omit<Value, "origin">, label: string, d: Draft): Value {
  const elements = elementsOf(value.dims);
  if (elements > MAX_ELEMENTS) throw new OnnxError(`[${value.dims}] has more than 2^30 elements`);
  try {
    const index = store.kernels.push(toKernel(d)) - 1;
    store.labels.push(label);
    return { ...value, origin: { kind: "tensor", space: 2, index } };
  } catch (cause) {
    if (cause instanceof DraftError) throw new OnnxError(`a kernel for [${value.dims}] has ${cause.message}`);
    throw cause;
  }
}

/** Data of a result that depends on constants alone. What it needs has lower numbers, and is computed before it. */
function resultData(store: Store, k: number): Uint8Array | undefined {
  const needed = new Set([k]);
  for (const at of needed)
    for (const { space, index } of store.kernels[at]!.accesses)
      if (space === 2 && index < at && !store.evaluated.has(index)) needed.add(index);
  for (const at of [...needed].sort((p, q) => p - q))
    if (!store.evaluated.has(at)) store.evaluated.set(at, evaluate(store, at));
  return store.evaluated.get(k);
}

function evaluate(store: Store, k: number): Uint8Array | undefined {
  const kernel = store.kernels[k]!;
  if (kernel.groupSize > 1 || kernel.accesses.some((a) => a.space === 2 && a.index === k)) return undefined;
  const sources = new Map<Access, Tensor>();
  for (const access of kernel.accesses) {
    const data = access.space === 2 ? store.evaluated.get(access.index) : store.weights[access.index]?.data;
    if (access.space === 0 || data === undefined) return undefined;
    sources.set(access, { dtype: access.dtype, dims: [access.length], data });
  }
  const steps = elementsOf(kernel.loops) * elementsOf(kernel.folds);
  if (steps > store.stepsLeft) return undefined;
  store.stepsLeft -= steps;
  return runAlone(kernel, (access) => sources.get(access)!);
}

function known(store: Store, { origin, type, dims, format }: Value): Constant | undefined {
  if (origin.kind === "constant") return origin.constant;
  const data = origin.space === 2 ? resultData(store, origin.index) : undefined;
  if (data === undefined) return undefined;
  const found = { type, dims, data, ...(format && { format }) };
  return isWide(type) ? fromBigInts(numbersOf(found).map(BigInt), dims, type) : found;
}

export function createBuilder(): Builder {
  const store: Store = {
    inputs: [],
    weights: [],
    kernels: [],
    labels: [],
    weightOf: new Map(),
    evaluated: new Map(),
    stepsLeft: MAX_IMPORT_STEPS,
  };
  const notes = new Set<string>();
  let label = "";
  const foldDraft = ({ type, dims }: Member, { over, init, step, done }: Fold): Draft => {
    const frame = frameOf(store, dims.length, over.length);
    const code = { init: init(frame), step: step(frame), done: narrowed(type, done(frame)) };
    return draft({ outType: dtypeOf(type), loops: dims, folds: over, ...code });
  };
  return {
    input: (type, dims) => {
      const index = store.inputs.push({ dtype: dtypeOf(type), dims }) - 1;
      return { type, dims, origin: { kind: "tensor", space: 0, index } };
    },
    map: (type, dims, code) => {
      if (elementsOf(dims) === 0) return empty(type, dims);
      const done = narrowed(type, code(frameOf(store, dims.length, 0)));
      const d = draft({ outType: dtypeOf(type), loops: dims, folds: [], init: [], step: [], done });
      return emit(store, { type, dims }, label, d);
    },
    fold: (type, dims, fold) => {
      if (elementsOf(dims) === 0) return empty(type, dims);
      const code = elementsOf(fold.over) === 0 ? emptyFold(fold) : fold;
      return emit(store, { type, dims }, label, foldDraft({ type, dims }, code));
    },
    recurrent: (members, code) => {
      const first = store.kernels.length;
      const values = members.map((member, i): Value => {
        return { ...member, origin: { kind: "tensor", space: 2, index: first + i } };
      });
      const folds = code(values);
      const place = (i: number) => ({ groupPos: i, groupSize: members.length });
      return members.map((member, i) => emit(store, member, label, { ...foldDraft(member, folds[i]!), ...place(i) }));
    },
    known: (value) => known(store, value),
    label: (name) => {
      label = name;
    },
    note: (text) => {
      notes.add(text);
    },
    finish: () => ({ ...store, notes: [...notes] }),
  };
}
