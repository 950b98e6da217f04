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
import { type Constant, dtypeOf, type ElementType, elementsOf, fits, fromBigInts, numbersOf } from "./elements.ts";
import { OnnxError } from "./errors.ts";

/** A tensor of the graph: row-major, under dims that views may change without copying. */
export type Value = {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly origin: Origin;
};

export type Origin =
  | { readonly kind: "tensor"; readonly space: Space; readonly index: number }
  /** becomes a weight when a kernel reads it */
  | { readonly kind: "constant"; readonly constant: Constant };

export type Index = Affine;

/** The index space of a kernel that is being written. */
export type Frame = {
  /** one for each loop and fold */
  readonly loops: readonly Index[];
  readonly folds: readonly Index[];
  /** The element of `value` at `index`, one entry for each dimension; `elseWord` where an entry is outside. */
  readonly read: (value: Value, index: readonly Index[], elseWord?: number) => Expr;
  /** The same, with the word of `offset` added to entry `dim`. */
  readonly readAt: (value: Value, index: readonly Index[], dim: number, offset: Expr) => Expr;
};

export type Fold = {
  readonly over: readonly number[];
  readonly init: (frame: Frame) => readonly Expr[];
  readonly step: (frame: Frame) => readonly Expr[];
  readonly done: (frame: Frame) => Expr;
};

export type Builder = {
  readonly input: (type: ElementType, dims: readonly number[]) => Value;
  readonly map: (type: ElementType, dims: readonly number[], code: (frame: Frame) => Expr) => Value;
  readonly fold: (type: ElementType, dims: readonly number[], fold: Fold) => Value;
  /** What is known of a value at import: constants, and results that depend on nothing else. */
  readonly known: (value: Value) => Constant | undefined;
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
};

export const constant = (c: Constant): Value => ({
  type: c.type,
  dims: c.dims,
  origin: { kind: "constant", constant: c },
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

export function createBuilder(): Builder {
  const inputs: TensorInfo[] = [];
  const weights: Tensor[] = [];
  const kernels: Kernel[] = [];
  const labels: string[] = [];
  const weightOf = new Map<Uint8Array, number>();
  const evaluated = new Map<number, Uint8Array | undefined>();
  let current = "";

  const tensorOf = (value: Value): { space: Space; index: number } => {
    if (value.origin.kind === "tensor") return value.origin;
    const { data, type, dims } = value.origin.constant;
    if (!fits(value.origin.constant)) throw new OnnxError("an int64 constant beyond 32 bits can not be computed with");
    if (!weightOf.has(data))
      weightOf.set(
        data,
        weights.push({ dtype: dtypeOf(type), dims: dims.length <= 8 ? dims : [elementsOf(dims)], data }) - 1,
      );
    return { space: 1, index: weightOf.get(data)! };
  };

  const frameOf = (loops: number, folds: number): Frame => {
    const accessOf = (value: Value, index: readonly Index[], elseWord: number): Access => {
      if (index.length !== value.dims.length) throw new Error(`${index.length} indices for [${value.dims}]`);
      const strides = rowMajor(value.dims);
      const coordinates = index.map((at, i) => ({ ...at, extent: value.dims[i]!, stride: strides[i]! }));
      const { space, index: number } = tensorOf(value);
      const length = elementsOf(value.dims);
      return { space, index: number, dtype: dtypeOf(value.type), length, elseWord, dynMask: 0, coordinates };
    };
    return {
      loops: Array.from({ length: loops }, (_, i) => basis(loops + folds, i)),
      folds: Array.from({ length: folds }, (_, i) => basis(loops + folds, loops + i)),
      read: (value, index, elseWord = 0) => ({ kind: "load", access: accessOf(value, index, elseWord), offsets: [] }),
      readAt: (value, index, dim, offset) => {
        const access = accessOf(value, index, 0);
        // only the indexed coordinate must stay apart: D is at most 5
        const coordinates = [access.coordinates[dim]!, ...access.coordinates.filter((_, j) => j !== dim)];
        return { kind: "load", access: { ...access, coordinates, dynMask: 1 }, offsets: [offset] };
      },
    };
  };

  const emit = (type: ElementType, dims: readonly number[], d: Draft): Value => {
    const elements = elementsOf(dims);
    if (elements < 1) throw new OnnxError(`an empty tensor [${dims}] is not supported`);
    if (elements > 2 ** 30) throw new OnnxError(`[${dims}] has more than 2^30 elements`);
    let kernel: Kernel;
    try {
      kernel = toKernel(d);
    } catch (cause) {
      if (cause instanceof DraftError) throw new OnnxError(`a kernel for [${dims}] has ${cause.message}`);
      throw cause;
    }
    labels.push(current);
    return { type, dims, origin: { kind: "tensor", space: 2, index: kernels.push(kernel) - 1 } };
  };

  /** Data of a result that depends on constants alone. */
  const resultData = (k: number): Uint8Array | undefined => {
    if (!evaluated.has(k)) evaluated.set(k, evaluate(k));
    return evaluated.get(k);
  };

  const evaluate = (k: number): Uint8Array | undefined => {
    const sources = new Map<Access, Tensor>();
    for (const access of kernels[k]!.accesses) {
      const data = access.space === 2 ? resultData(access.index) : weights[access.index]?.data;
      if (access.space === 0 || data === undefined) return undefined;
      sources.set(access, { dtype: access.dtype, dims: [access.length], data });
    }
    return runAlone(kernels[k]!, (access) => sources.get(access)!);
  };

  return {
    input: (type, dims) => ({
      type,
      dims,
      origin: { kind: "tensor", space: 0, index: inputs.push({ dtype: dtypeOf(type), dims }) - 1 },
    }),
    map: (type, dims, code) => {
      const done = code(frameOf(dims.length, 0));
      return emit(type, dims, draft({ outType: dtypeOf(type), loops: dims, folds: [], init: [], step: [], done }));
    },
    fold: (type, dims, { over, init, step, done }) => {
      const frame = frameOf(dims.length, over.length);
      const [first, next, last] = [init(frame), step(frame), done(frame)];
      return emit(
        type,
        dims,
        draft({ outType: dtypeOf(type), loops: dims, folds: over, init: first, step: next, done: last }),
      );
    },
    known: ({ origin, type, dims }) => {
      if (origin.kind === "constant") return origin.constant;
      const data = origin.space === 2 ? resultData(origin.index) : undefined;
      if (data === undefined) return undefined;
      return type === "i64"
        ? fromBigInts(numbersOf({ type: "i32", dims, data }).map(BigInt), dims)
        : { type, dims, data };
    },
    label: (name) => {
      current = name;
    },
    finish: () => ({ inputs, weights, kernels, labels }),
  };
}
