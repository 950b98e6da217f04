/** Kernels that the engine makes for itself: a factor written out where and as the tiles want it. */
import { type Affine, boxRead, type Lowered, range, rowMajor, type Source } from "./lower.ts";
import type { Factor } from "./products.ts";

type Copy = {
  readonly factor: Factor;
  readonly source: Source;
  readonly constants: readonly number[];
  readonly extents: readonly number[];
  /** values of the coordinates of the factor's box, over the copy's axes */
  readonly forms: readonly Affine[];
  readonly out: Affine;
};

/** out[…] = f(read), for all indices of `extents`. */
function copy({ factor, source, constants, extents, forms, out }: Copy): Lowered {
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
    outer: [boxRead({ ...box, slot: 0, sides }, extents)],
    inner: [],
    out,
    axisOf: new Map(),
    sliced: false,
  };
}

export type Halo = { readonly kernel: Lowered; readonly elements: number; readonly address: Affine };

/** The factor over all values its coordinates take, the else-word included: what remains is an address without checks. */
export function haloCopy(k: Lowered, factor: Factor): Halo {
  const extents = [...k.loops, ...k.folds];
  const { sides } = factor.read.box!;
  const ranges = sides.map((side) => range(side.form, extents));
  const dims = ranges.map(({ low, high }) => high - low + 1);
  const strides = rowMajor(dims);
  const address = { base: 0, coef: extents.map(() => 0) };
  sides.forEach(({ form }, j) => {
    address.base += (form.base - ranges[j]!.low) * strides[j]!;
    for (let i = 0; i < extents.length; i++) address.coef[i]! += form.coef[i]! * strides[j]!;
  });
  const kernel = copy({
    factor,
    source: k.sources[factor.read.slot]!,
    constants: k.constants,
    extents: dims,
    forms: ranges.map(({ low }, j) => ({ base: low, coef: dims.map((_, i) => (i === j ? 1 : 0)) })),
    out: { base: 0, coef: strides },
  });
  return { kernel, elements: dims.reduce((a, b) => a * b, 1), address };
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
