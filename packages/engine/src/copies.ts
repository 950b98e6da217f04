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
function copy({ factor, source, constants, extents, forms, out, sliced = false }: Copy): Lowered {
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

/** `count` panels of `width` neighbouring columns from column `start` on; in the buffer they follow `packed` other columns. */
export type Panels = {
  readonly start: number;
  readonly packed: number;
  readonly width: number;
  readonly count: number;
};

/** Panels that cover `columns` columns, at most `width` wide; the last may overlap the ones before. */
export function panelsOf(columns: number, width: number): Panels[] {
  const panels: Panels[] = [];
  let start = 0;
  let packed = 0;
  for (let w = width; start < columns; w /= 2) {
    const count = Math.floor((columns - start) / w);
    if (count > 0) panels.push({ start, packed, width: w, count });
    start += count * w;
    packed += count * w;
    const rest = columns - start;
    const next = w / 2;
    if (rest > 0 && columns >= w && (w === 4 || rest > next)) {
      panels.push({ start: columns - w, packed, width: w, count: 1 });
      break;
    }
  }
  return panels;
}

export const packedColumns = (panels: readonly Panels[]): number =>
  panels.reduce((sum, { width, count }) => sum + width * count, 0);

export type Packing = { readonly kernels: Lowered[]; readonly elements: number; readonly address: Affine };

/**
 * The column factor as [batch][panel][fold][column of the panel], one copy for each group of panels. `address` is over
 * the axes of `k`: for the loops in words, at the first column of a panel; for the folds in rows of the panel's width.
 */
export function pack(k: Lowered, factor: Factor, panels: readonly Panels[], batch: readonly number[]): Packing {
  const lanes = k.loops.length - 1;
  const steps = k.folds.reduce((a, b) => a * b, 1);
  const columns = packedColumns(panels);
  const batchExtents = batch.map((axis) => k.loops[axis]!);
  const batchStrides = rowMajor(batchExtents).map((stride) => stride * steps * columns);
  const foldStrides = rowMajor(k.folds);
  const kernels = panels.map(({ start, packed, width, count }) =>
    copy({
      factor,
      source: k.sources[factor.read.slot]!,
      constants: k.constants,
      extents: [...batchExtents, count, ...k.folds, width],
      forms: factor.read.box!.sides.map(({ form: { base, coef } }) => ({
        base: base + coef[lanes]! * start,
        coef: [
          ...batch.map((axis) => coef[axis]!),
          coef[lanes]! * width,
          ...k.folds.map((_, i) => coef[k.loops.length + i]!),
          coef[lanes]!,
        ],
      })),
      out: {
        base: steps * packed,
        coef: [...batchStrides, steps * width, ...foldStrides.map((stride) => stride * width), 1],
      },
    }),
  );
  const coef = k.loops.map((_, axis) => (axis === lanes ? steps : (batchStrides[batch.indexOf(axis)] ?? 0)));
  return {
    kernels,
    elements: steps * columns * batchExtents.reduce((a, b) => a * b, 1),
    address: { base: 0, coef: [...coef, ...foldStrides] },
  };
}
