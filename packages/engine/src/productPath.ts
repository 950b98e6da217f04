/** From a recognised product to stages: write the factors out where that is needed, then the tiles. */
import { haloCopy, haloElements, type Packing, type Panels, pack, packedColumns, panelsOf, sliceCopy } from "./copies.ts";
import { addBuffer, type Draft, isTooLarge, newDraft, type Place, placeRead, withoutUnused } from "./draft.ts";
import { type Lowered, mergeAxes, product, type Source, withLast } from "./lower.ts";
import type { Origins } from "./origins.ts";
import { columnAxis, type Factor, isPlain, type Product, recogniseProduct, walks } from "./products.ts";
import { type KernelPlan, stageOf } from "./stages.ts";
import { type Tiled, tilesFunction } from "./tiles.ts";

/** Below so many rows, packing a factor that only exists at run time costs more than it gives. */
const ROWS_WORTH_PACKING = 8;

function placeRows(draft: Draft, k: Lowered, factor: Factor): Place | undefined {
  if (isPlain(factor)) return { slot: factor.read.slot, address: factor.read.address };
  if (!k.sliced && isTooLarge(haloElements(k, factor), factor)) return undefined;
  const { kernel, elements, address } = k.sliced ? sliceCopy(k, factor) : haloCopy(k, factor);
  draft.notes.push("rows copied");
  return { slot: addBuffer(draft, [kernel], elements), address };
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
  return { slot: addBuffer(draft, packing.kernels, packing.elements), address: packing.address, packed: true };
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

type Wanted = { readonly k: Lowered; readonly product: Product };

/** The kernel with both factors in place, axes joined, and the accesses that now stand for the factors. */
function tiledKernel(
  { k, product: p }: Wanted,
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
    float: p.float,
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

export function planProduct(kernel: Lowered, origins: Origins): KernelPlan | undefined {
  const last = columnAxis(kernel);
  if (last < 0) return undefined;
  const k = withLast(kernel, last);
  const p = recogniseProduct(k);
  const columns = k.loops.at(-1) ?? 0;
  if (!p || columns < 4 || (k.sliced && walks(p.column.read, 0)) || p.row.access === p.column.access) return undefined;
  const draft = newDraft(k);
  const row = placeRows(draft, k, p.row);
  if (!row) return undefined;
  const axes = axesOf(k, (axis) => walks(p.column.read, axis));
  const rows = product(k.loops.filter((_, axis) => axis === axes.rowAxis || axes.outer.includes(axis)));
  // joining axes can only make the rows of a block more; the width is settled before, by the axes as they stand
  const panels = panelsOf(columns, WIDTH_OF_ROWS[axes.rows]!);
  const from = packedFrom(k, p.column, origins);
  const column = placeColumns(draft, k, p.column, pack(from.k, from.factor, panels, axes.batch), rows);
  if (!column) return undefined;
  const tiled = tiledKernel({ k, product: p }, row, column, panels, draft.sources);
  draft.stages.push(stageOf(tiled.k, "tiles", tilesFunction(tiled), { kind: "result" }));
  const size = `${tiled.rows} × ${panels[0]!.width} of ${rows} × ${columns}, ${packedColumns(panels)} columns computed`;
  return { path: "tiles", note: [size, ...draft.notes].join(", "), buffers: draft.buffers, stages: draft.stages };
}
