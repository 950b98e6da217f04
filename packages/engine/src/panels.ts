/** The column factor of a product written out in panels, as the blocks of results read it. */
import { copy } from "./copies.ts";
import { type Affine, FIRST_CONSTANT, I16, type Lowered, product, rowMajor } from "./lower.ts";
import type { Factor } from "./products.ts";

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

type Job = {
  readonly k: Lowered;
  readonly factor: Factor;
  readonly panels: readonly Panels[];
  /** axes that the factor walks beside columns and folds */
  readonly batch: readonly number[];
};

/** Where [batch][panel][fold][column of the panel] lie, `folds` being the rows of a panel. */
function placesOf({ k, panels, batch }: Job, folds: readonly number[]): Omit<Packing, "kernels"> & Outs {
  const lanes = k.loops.length - 1;
  const rows = product(folds);
  const batchExtents = batch.map((axis) => k.loops[axis]!);
  const batchStrides = rowMajor(batchExtents).map((stride) => stride * rows * packedColumns(panels));
  const foldStrides = rowMajor(folds);
  const coef = k.loops.map((_, axis) => (axis === lanes ? rows : (batchStrides[batch.indexOf(axis)] ?? 0)));
  return {
    elements: rows * packedColumns(panels) * product(batchExtents),
    address: { base: 0, coef: [...coef, ...foldStrides] },
    outOf: ({ packed, width }) => ({
      base: rows * packed,
      coef: [...batchStrides, rows * width, ...foldStrides.map((stride) => stride * width), 1],
    }),
  };
}

type Outs = { readonly outOf: (panels: Panels) => Affine };

/** Every `step`-th index of the last fold from `first` on, `count` of them. */
type Every = { readonly step: number; readonly first: number; readonly count: number };

function panelCopy({ k, factor, batch }: Job, panels: Panels, { step, first, count }: Every, out: Affine): Lowered {
  const lanes = k.loops.length - 1;
  const last = k.folds.length - 1;
  return copy({
    factor,
    source: k.sources[factor.read.slot]!,
    constants: k.constants,
    extents: [...batch.map((axis) => k.loops[axis]!), panels.count, ...k.folds.with(last, count), panels.width],
    forms: factor.read.box!.sides.map(({ form: { base, coef } }) => {
      const folds = k.folds.map((_, i) => coef[k.loops.length + i]!);
      return {
        base: base + coef[lanes]! * panels.start + folds[last]! * first,
        coef: [
          ...batch.map((axis) => coef[axis]!),
          coef[lanes]! * panels.width,
          ...folds.with(last, folds[last]! * step),
          coef[lanes]!,
        ],
      };
    }),
    out,
  });
}

/**
 * The column factor as [batch][panel][fold][column of the panel], one copy for each group of panels. `address` is over
 * the axes of `k`: for the loops in words, at the first column of a panel; for the folds in rows of the panel's width.
 */
export function pack(job: Job): Packing {
  const { folds } = job.k;
  const { elements, address, outOf } = placesOf(job, folds);
  const all = { step: 1, first: 0, count: folds.at(-1)! };
  return { kernels: job.panels.map((panels) => panelCopy(job, panels, all, outOf(panels))), elements, address };
}

/** A kernel's indices and results, all of them 0. */
const zeros = (k: Lowered): Lowered => ({
  ...k,
  constants: [0],
  sources: [],
  outer: [],
  done: [],
  results: [FIRST_CONSTANT],
});

/**
 * The same in pairs: a word holds the halves of two indices of the last fold, the even one first. Beyond its end is 0.
 */
export function packPairs(job: Job): Packing {
  const extent = job.k.folds.at(-1)!;
  const pairs = Math.ceil(extent / 2);
  const { elements, address, outOf } = placesOf(job, job.k.folds.with(-1, pairs));
  const kernels = job.panels.flatMap((panels) => {
    const { base, coef } = outOf(panels);
    const halves = (row: number, half: 0 | 1): Affine => ({
      base: 2 * (base + row * panels.width) + half,
      coef: coef.map((c) => 2 * c),
    });
    const even = panelCopy(job, panels, { step: 2, first: 0, count: pairs }, halves(0, 0));
    const odd = panelCopy(job, panels, { step: 2, first: 1, count: Math.floor(extent / 2) }, halves(0, 1));
    const last = panelCopy(job, panels, { step: 2, first: 0, count: 1 }, halves(pairs - 1, 1));
    return extent % 2 === 0 ? [even, odd] : [even, odd, zeros(last)];
  });
  return { kernels: kernels.map((k) => ({ ...k, outType: I16 })), elements, address };
}
