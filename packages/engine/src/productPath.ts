/** From a recognised product to stages: write the factors out where that is needed, then the tiles. */
import { haloCopy, haloElements, type Placed, sliceCopy } from "./copies.ts";
import { addBuffer, type Draft, isTooLarge, newDraft, type Place, placeRead, withoutUnused } from "./draft.ts";
import type { ReadBounds } from "./intervals.ts";
import { I16, isUnchecked, type Lowered, mergeAxes, product, type Source, withFlatBox, withLast } from "./lower.ts";
import type { Origins } from "./origins.ts";
import { type Packing, type Panels, pack, packedColumns, packPairs, panelsOf } from "./panels.ts";
import { columnAxis, type Factor, fitsHalves, isPlain, type Product, recogniseProduct, walks } from "./products.ts";
import { type KernelPlan, stageOf } from "./stages.ts";
import { type Arithmetic, type Tiled, tilesFunction } from "./tiles.ts";

/** Below so many rows, packing a factor that only exists at run time costs more than it gives. */
const ROWS_WORTH_PACKING = 8;

/** The row factor written out without checks; undefined when that were too large. */
function rowsCopied(k: Lowered, factor: Factor): Placed | undefined {
  if (k.sliced) return sliceCopy(k, factor);
  return isTooLarge(haloElements(k, factor), factor) ? undefined : haloCopy(k, factor);
}

function placeRows(draft: Draft, k: Lowered, factor: Factor): Place | undefined {
  if (isPlain(factor)) return { slot: factor.read.slot, address: factor.read.address };
  const copied = rowsCopied(k, factor);
  if (!copied) return undefined;
  draft.notes.push("rows copied");
  return { slot: addBuffer(draft, [copied.kernel], 4 * copied.elements), address: copied.address };
}

type Columns = Place & { readonly packed: boolean };

function placeColumns(draft: Draft, k: Lowered, factor: Factor, packing: Packing, rows: number): Columns | undefined {
  const isWeight = k.sources[factor.read.slot]!.kind === "weight";
  // in a recurrent group other columns would have to be packed for every slice
  if (isTooLarge(packing.elements, factor) || (k.sliced && !isWeight)) return undefined;
  if (!isWeight && rows < ROWS_WORTH_PACKING) {
    const { slot, address } = factor.read;
    const asItIs = isPlain(factor) && address.coef[k.loops.length - 1] === 1;
    return asItIs ? { slot, address, packed: false } : undefined;
  }
  draft.notes.push(isWeight ? "columns packed at load" : "columns packed");
  return { slot: addBuffer(draft, packing.kernels, 4 * packing.elements), address: packing.address, packed: true };
}

/** A block of three rows takes so much longer, by the row, than one of four. */
const COST_OF_THREE = 1.15;

/** Rows of a block, with an eye to what is computed twice where the last block overlaps. */
function rowsOf(extent: number): number {
  const computed = (rows: number): number => Math.ceil(extent / rows) * rows;
  if (extent < 4) return extent;
  return COST_OF_THREE * computed(3) < computed(4) ? 3 : 4;
}

/** Rows times columns of a block: eight vectors of sums, beside which the factors still fit in registers. */
const BLOCK_COLUMNS = 32;
const WIDTH_OF_ROWS: Readonly<Record<number, number>> = { 1: 32, 2: 16, 3: 8, 4: 8 };

type Axes = { readonly batch: number[]; readonly rowAxis: number; readonly outer: number[]; readonly rows: number };

function axesOf(k: Lowered, columnWalks: (axis: number) => boolean): Axes {
  const others = k.loops.map((_, axis) => axis).slice(k.sliced ? 1 : 0, -1);
  const free = others.filter((axis) => !columnWalks(axis));
  const rowAxis = free.at(-1) ?? -1;
  const rows = rowAxis < 0 ? 1 : rowsOf(k.loops[rowAxis]!);
  return { batch: others.filter(columnWalks), rowAxis, outer: free.slice(0, -1), rows };
}

type Wanted = { readonly k: Lowered; readonly product: Product; readonly arithmetic: Arithmetic };

/** The kernel with both factors in place, axes joined, and the accesses that now stand for the factors. */
function tiledKernel(
  { k, product: p, arithmetic }: Wanted,
  row: Place,
  column: Columns,
  panels: readonly Panels[],
  sources: readonly Source[],
): Tiled {
  const inner = k.inner
    .with(p.row.access, placeRead(p.row.read, row))
    .with(p.column.access, placeRead(p.column.read, column));
  const joined = withoutUnused(mergeAxes({ ...k, inner, sources }));
  const columnRead = joined.inner[p.column.access]!;
  const axes = axesOf(joined, (axis) => columnRead.address.coef[axis] !== 0);
  return {
    k: joined,
    arithmetic,
    row: joined.inner[p.row.access]!,
    column: { ...columnRead, packed: column.packed },
    panels,
    ...axes,
    rows: Math.min(axes.rows, BLOCK_COLUMNS / panels[0]!.width),
  };
}

/** The kernel and its column factor as they are packed: from where the column factor was copied, if it was. */
function packedFrom(k: Lowered, factor: Factor, origins: Origins): { k: Lowered; factor: Factor } {
  const source = k.sources[factor.read.slot]!;
  const origin = origins(factor.read, source, [...k.loops, ...k.folds]);
  if (!origin) return { k, factor };
  const sources = k.sources.with(factor.read.slot, origin.source);
  return { k: { ...k, sources }, factor: { ...factor, read: { ...factor.read, box: origin.box } } };
}

/** Widths are settled by the axes as they stand: joining them can only make the rows of a block more. */
const panelsFor = (k: Lowered, axes: Axes): Panels[] => panelsOf(k.loops.at(-1)!, WIDTH_OF_ROWS[axes.rows]!);

function planTiles(draft: Draft, wanted: Wanted, row: Place, column: Columns, panels: readonly Panels[]): KernelPlan {
  const tiled = tiledKernel(wanted, row, column, panels, draft.sources);
  draft.stages.push(stageOf(tiled.k, "tiles", tilesFunction(tiled), { kind: "result" }));
  const { k } = tiled;
  const rows = product([...tiled.outer, tiled.rowAxis].map((axis) => k.loops[axis] ?? 1));
  const size = `${tiled.rows} × ${panels[0]!.width} of ${rows} × ${k.loops.at(-1)}`;
  const note = [size, `${packedColumns(panels)} columns computed`, ...draft.notes].join(", ");
  return { path: "tiles", note, buffers: draft.buffers, stages: draft.stages };
}

/** Integers that fit 16 bits, two steps at once: the order of a sum of integers does not matter. */
function planPairs(k: Lowered, p: Product, bounds: ReadBounds): KernelPlan | undefined {
  const isWeight = k.sources[p.column.read.slot]!.kind === "weight";
  if (
    p.float ||
    !isWeight ||
    !isUnchecked(p.column.read) ||
    ![p.row, p.column].every((at) => fitsHalves(k, at, bounds))
  )
    return undefined;
  const copied = rowsCopied(k, p.row);
  if (!copied) return undefined;
  const draft = newDraft(k);
  draft.notes.push("rows copied", "columns packed at load", "pairs of 16 bits");
  // the last pair may reach beyond the end, into a word that counts nothing
  const slot = addBuffer(draft, [{ ...copied.kernel, outType: I16 }], 2 * copied.elements + 2);
  const inner = k.inner.with(p.row.access, placeRead(p.row.read, { slot, address: copied.address }));
  const joined = mergeAxes({ ...k, inner, sources: draft.sources });
  const row = joined.inner[p.row.access]!;
  const lastFold = joined.loops.length + joined.folds.length - 1;
  if (row.address.coef[lastFold] !== 1) return undefined;
  const axes = axesOf(joined, (axis) => walks(joined.inner[p.column.access]!, axis));
  const panels = panelsFor(joined, axes);
  const column = { ...p.column, read: withFlatBox(joined.inner[p.column.access]!, p.column.read.box!.length) };
  const packing = packPairs({ k: joined, factor: column, panels, batch: axes.batch });
  const columns = {
    slot: addBuffer(draft, packing.kernels, 4 * packing.elements),
    address: packing.address,
    packed: true,
  };
  const halved = { ...joined, folds: joined.folds.with(-1, Math.ceil(joined.folds.at(-1)! / 2)) };
  const address = { ...row.address, coef: row.address.coef.with(lastFold, 2) };
  return planTiles(draft, { k: halved, product: p, arithmetic: "pairs" }, { slot, address }, columns, panels);
}

function planWords(k: Lowered, p: Product, origins: Origins): KernelPlan | undefined {
  const draft = newDraft(k);
  const row = placeRows(draft, k, p.row);
  if (!row) return undefined;
  const axes = axesOf(k, (axis) => walks(p.column.read, axis));
  const rows = product(k.loops.filter((_, axis) => axis === axes.rowAxis || axes.outer.includes(axis)));
  const panels = panelsFor(k, axes);
  const from = packedFrom(k, p.column, origins);
  const column = placeColumns(draft, k, p.column, pack({ ...from, panels, batch: axes.batch }), rows);
  const arithmetic = p.float ? "float" : "words";
  return column && planTiles(draft, { k, product: p, arithmetic }, row, column, panels);
}

/** What is known of the kernels before. */
export type Before = { readonly origins: Origins; readonly bounds: ReadBounds };

export function planProduct(kernel: Lowered, { origins, bounds }: Before): KernelPlan | undefined {
  const last = columnAxis(kernel);
  if (last < 0) return undefined;
  const k = withLast(kernel, last);
  const p = recogniseProduct(k);
  if (!p || k.loops.at(-1)! < 4 || (k.sliced && walks(p.column.read, 0)) || p.row.access === p.column.access)
    return undefined;
  return planPairs(k, p, bounds) ?? planWords(k, p, origins);
}
