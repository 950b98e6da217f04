/** From a recognised product to stages: write the factors out where that is needed, then the tiles. */
import { haloCopy, type Packing, type Panels, pack, packedColumns, panelsOf } from "./copies.ts";
import { type Affine, type Lowered, mergeAxes, product, type Read, range, type Source } from "./lower.ts";
import { plainFunction } from "./plain.ts";
import { type Factor, isPlain, type Product, recogniseProduct, walks } from "./products.ts";
import { plainShape } from "./shapes.ts";
import type { Buffer, KernelPlan, Stage } from "./stages.ts";
import { type Tiled, tilesFunction } from "./tiles.ts";

/** Below so many rows, packing a factor that only exists at run time costs more than it gives. */
const ROWS_WORTH_PACKING = 8;
/** A copy may be so many times as large as what it is made of. */
const LARGEST_GROWTH = 8;
const SMALLEST_LIMIT = 4_096;

type Draft = {
  readonly buffers: Buffer[];
  readonly stages: Stage[];
  readonly sources: Source[];
  readonly notes: string[];
};
type Place = { readonly slot: number; readonly address: Affine };

const isTooLarge = (elements: number, factor: Factor): boolean =>
  elements > Math.max(SMALLEST_LIMIT, LARGEST_GROWTH * factor.read.box!.length);

/** Adds copies into one buffer and gives the buffer's slot. */
function addBuffer(draft: Draft, kernels: readonly Lowered[], elements: number): number {
  const atLoad = kernels.every((kernel) => kernel.sources.every((source) => source.kind === "weight"));
  const index = draft.buffers.push({ bytes: 4 * elements, atLoad }) - 1;
  for (const kernel of kernels) {
    const k = mergeAxes(kernel);
    const fn = plainFunction(k, plainShape(k));
    draft.stages.push({ fn, sources: k.sources, target: { kind: "buffer", index }, atLoad });
  }
  return draft.sources.push({ kind: "buffer", index }) - 1;
}

function haloElements(k: Lowered, factor: Factor): number {
  const extents = [...k.loops, ...k.folds];
  return product(
    factor.read.box!.sides.map(({ form }) => {
      const { low, high } = range(form, extents);
      return high - low + 1;
    }),
  );
}

function placeRows(draft: Draft, k: Lowered, factor: Factor): Place | undefined {
  if (isPlain(factor)) return { slot: factor.read.slot, address: factor.read.address };
  if (isTooLarge(haloElements(k, factor), factor)) return undefined;
  const halo = haloCopy(k, factor);
  draft.notes.push("rows copied");
  return { slot: addBuffer(draft, [halo.kernel], halo.elements), address: halo.address };
}

type Columns = Place & { readonly packed: boolean };

function placeColumns(draft: Draft, k: Lowered, factor: Factor, packing: Packing, rows: number): Columns | undefined {
  const isWeight = k.sources[factor.read.slot]!.kind === "weight";
  if (isTooLarge(packing.elements, factor)) return undefined;
  if (!isWeight && rows < ROWS_WORTH_PACKING) {
    const { slot, address } = factor.read;
    const asItIs = isPlain(factor) && address.coef[k.loops.length - 1] === 1;
    return asItIs ? { slot, address, packed: false } : undefined;
  }
  draft.notes.push(isWeight ? "columns packed at load" : "columns packed");
  return { slot: addBuffer(draft, packing.kernels, packing.elements), address: packing.address, packed: true };
}

/** A read of a factor that stands for it while axes are joined. */
const placeRead = (read: Read, { slot, address }: Place): Read => ({
  ...read,
  box: undefined,
  slot,
  address,
  guards: [],
  bound: 0,
});

/** Rows of a block: the most of 4, 3, 2 that wastes least where blocks overlap. */
function rowsOf(extent: number): number {
  const computed = (rows: number): number => Math.ceil(extent / rows) * rows;
  if (extent < 4) return extent;
  return computed(3) < computed(4) ? 3 : 4;
}

/** Rows times columns of a block: eight vectors of sums, beside which the factors still fit in registers. */
const BLOCK_COLUMNS = 32;
const WIDTH_OF_ROWS: Readonly<Record<number, number>> = { 1: 32, 2: 16, 3: 8, 4: 8 };

type Axes = { readonly batch: number[]; readonly rowAxis: number; readonly outer: number[]; readonly rows: number };

function axesOf(k: Lowered, columnWalks: (axis: number) => boolean): Axes {
  const others = k.loops.map((_, axis) => axis).slice(0, -1);
  const free = others.filter((axis) => !columnWalks(axis));
  const rowAxis = free.at(-1) ?? -1;
  const rows = rowAxis < 0 ? 1 : rowsOf(k.loops[rowAxis]!);
  return { batch: others.filter(columnWalks), rowAxis, outer: free.slice(0, -1), rows };
}

/** Sources that the tiles read, numbered anew: a weight that was only packed need not stay in memory. */
function withoutUnused(k: Lowered, factors: readonly number[]): Lowered {
  const slots = new Set(factors.map((access) => k.inner[access]!.slot));
  for (const [opcode, access] of [...k.init, ...k.done]) if (opcode === 0) slots.add(k.outer[access]!.slot);
  const kept = [...slots].sort((a, b) => a - b);
  const renumber = (read: Read): Read => ({ ...read, slot: kept.indexOf(read.slot) });
  const sources = kept.map((slot) => k.sources[slot]!);
  return { ...k, sources, inner: k.inner.map(renumber), outer: k.outer.map(renumber) };
}

type Wanted = { readonly k: Lowered; readonly product: Product };

/** The kernel with both factors in place, axes joined, and the accesses that now stand for the factors. */
function tiledKernel(
  { k, product: p }: Wanted,
  row: Place,
  column: Columns,
  panels: readonly Panels[],
  sources: readonly Source[],
): Tiled {
  const inner = k.inner.map((read, a) => {
    if (a === p.row.access) return placeRead(read, row);
    return a === p.column.access
      ? placeRead(read, column)
      : { ...read, box: undefined, guards: [], bound: 0, address: row.address };
  });
  const joined = withoutUnused(mergeAxes({ ...k, inner, sources }), [p.row.access, p.column.access]);
  const columnRead = joined.inner[p.column.access]!;
  const axes = axesOf(joined, (axis) => columnRead.address.coef[axis] !== 0);
  return {
    k: joined,
    float: p.float,
    row: joined.inner[p.row.access]!,
    column: { ...columnRead, packed: column.packed },
    panels,
    ...axes,
    rows: Math.min(axes.rows, BLOCK_COLUMNS / panels[0]!.width),
  };
}

export function planProduct(k: Lowered): KernelPlan | undefined {
  const p = k.sliced ? undefined : recogniseProduct(k);
  const columns = k.loops.at(-1) ?? 0;
  if (!p || columns < 4 || p.row.access === p.column.access) return undefined;
  const draft: Draft = { buffers: [], stages: [], sources: [...k.sources], notes: [] };
  const row = placeRows(draft, k, p.row);
  if (!row) return undefined;
  const axes = axesOf(k, (axis) => walks(p.column.read, axis));
  const rows = product(k.loops.filter((_, axis) => axis === axes.rowAxis || axes.outer.includes(axis)));
  // joining axes can only make the rows of a block more; the width is settled before, by the axes as they stand
  const panels = panelsOf(columns, WIDTH_OF_ROWS[axes.rows]!);
  const column = placeColumns(draft, k, p.column, pack(k, p.column, panels, axes.batch), rows);
  if (!column) return undefined;
  const tiled = tiledKernel({ k, product: p }, row, column, panels, draft.sources);
  draft.stages.push({ fn: tilesFunction(tiled), sources: tiled.k.sources, target: { kind: "result" }, atLoad: false });
  const size = `${tiled.rows} × ${panels[0]!.width} of ${rows} × ${columns}, ${packedColumns(panels)} columns computed`;
  return { path: "tiles", note: [size, ...draft.notes].join(", "), buffers: draft.buffers, stages: draft.stages };
}
