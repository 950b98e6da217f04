/** Kernels that the engine makes for itself: a factor written out where and as the tiles want it. */
import { type Affine, boxRead, type Lowered, product, range, rowMajor, type Source } from "./lower.ts";
import { type Factor, walks } from "./products.ts";

type Copy = {
  readonly factor: Factor;
  readonly source: Source;
  readonly constants: readonly number[];
  readonly extents: readonly number[];
  /** values of the coordinates of the factor's box, over the copy's axes */
  readonly forms: readonly Affine[];
  readonly out: Affine;
  /** axis 0 of `extents` is the slice of a recurrent group */
  readonly sliced?: boolean;
};

/** out[…] = f(read), for all indices of `extents`. */
export function copy({ factor, source, constants, extents, forms, out, sliced = false }: Copy): Lowered {
  const box = factor.read.box!;
  const sides = box.sides.map((side, j) => ({ ...side, form: forms[j]! }));
  return {
    outType: 1,
    loops: extents,
    folds: [],
    state: 0,
    constants,
    init: [],
    step: [],
    done: factor.instructions,
    results: [factor.result],
    sources: [source],
    outer: [boxRead({ ...box, slot: 0, sides }, extents, factor.read.visible)],
    inner: [],
    out,
    axisOf: new Map(),
    sliced,
  };
}

export type Placed = { readonly kernel: Lowered; readonly elements: number; readonly address: Affine };

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

/** The values that a coordinate takes: low, low + step, … , `count` of them. */
type Values = { readonly low: number; readonly step: number; readonly count: number };

function valuesOf(form: Affine, extents: readonly number[]): Values {
  const { low, high } = range(form, extents);
  const step = form.coef.reduce((all, coef, i) => (extents[i]! > 1 ? gcd(all, coef) : all), 0) || 1;
  return { low, step, count: (high - low) / step + 1 };
}

const sideValues = (k: Lowered, factor: Factor): Values[] =>
  factor.read.box!.sides.map(({ form }) => valuesOf(form, [...k.loops, ...k.folds]));

/** Words of a halo copy. */
export const haloElements = (k: Lowered, factor: Factor): number =>
  sideValues(k, factor).reduce((all, { count }) => all * count, 1);

/** The factor over all values its coordinates take, the else-word included: what remains is an address without checks. */
export function haloCopy(k: Lowered, factor: Factor): Placed {
  const values = sideValues(k, factor);
  const dims = values.map(({ count }) => count);
  const strides = rowMajor(dims);
  const address = { base: 0, coef: [...k.loops, ...k.folds].map(() => 0) };
  factor.read.box!.sides.forEach(({ form }, j) => {
    const { low, step } = values[j]!;
    address.base += ((form.base - low) / step) * strides[j]!;
    for (let i = 0; i < address.coef.length; i++) address.coef[i]! += (form.coef[i]! / step) * strides[j]!;
  });
  const kernel = copy({
    factor,
    source: k.sources[factor.read.slot]!,
    constants: k.constants,
    extents: dims,
    forms: values.map(({ low, step }, j) => ({ base: low, coef: dims.map((_, i) => (i === j ? step : 0)) })),
    out: { base: 0, coef: strides },
  });
  return { kernel, elements: haloElements(k, factor), address };
}

/** The axes that a factor walks, a lane axis last: the order in which a kernel with those lanes reads it. */
function walkedAxes(k: Lowered, factor: Factor, laneAxis: number): number[] {
  const axes = [...k.loops, ...k.folds].map((_, axis) => axis).filter((axis) => walks(factor.read, axis));
  return [...axes.filter((axis) => axis !== laneAxis), ...axes.filter((axis) => axis === laneAxis)];
}

/** Words of an ordered copy. */
export function orderedElements(k: Lowered, factor: Factor, laneAxis: number): number {
  const extents = [...k.loops, ...k.folds];
  return walkedAxes(k, factor, laneAxis).reduce((all, axis) => all * extents[axis]!, 1);
}

/** The factor word by word as the loops read it, so that lanes are neighbours. */
export function orderedCopy(k: Lowered, factor: Factor, laneAxis: number): Placed {
  const extents = [...k.loops, ...k.folds];
  const axes = walkedAxes(k, factor, laneAxis);
  const dims = axes.map((axis) => extents[axis]!);
  const strides = rowMajor(dims);
  const kernel = copy({
    factor,
    source: k.sources[factor.read.slot]!,
    constants: k.constants,
    extents: dims,
    forms: factor.read.box!.sides.map(({ form }) => ({ base: form.base, coef: axes.map((axis) => form.coef[axis]!) })),
    out: { base: 0, coef: strides },
  });
  const coef = extents.map((_, axis) => strides[axes.indexOf(axis)] ?? 0);
  return { kernel, elements: orderedElements(k, factor, laneAxis), address: { base: 0, coef } };
}

/** What a kernel of a recurrent group reads of the factor in one slice, as its loops read it. */
export function sliceCopy(k: Lowered, factor: Factor): Placed {
  const extents = [...k.loops, ...k.folds];
  const axes = [...extents.keys()].filter((axis) => axis > 0 && walks(factor.read, axis));
  const dims = axes.map((axis) => extents[axis]!);
  const strides = rowMajor(dims);
  const kernel = copy({
    factor,
    source: k.sources[factor.read.slot]!,
    constants: k.constants,
    extents: [k.loops[0]!, ...dims],
    forms: factor.read.box!.sides.map(({ form: { base, coef } }) => ({
      base,
      coef: [coef[0]!, ...axes.map((axis) => coef[axis]!)],
    })),
    out: { base: 0, coef: [0, ...strides] },
    sliced: true,
  });
  const coef = extents.map((_, axis) => strides[axes.indexOf(axis)] ?? 0);
  return { kernel, elements: product(dims), address: { base: 0, coef } };
}
