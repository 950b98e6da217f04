/**
 * Products in register blocks: some rows times some columns of results at once, the columns in lanes. Each result keeps its
 * own fold in order, with a product and a sum rounded apart.
 */

import {
  call,
  type Fn,
  get,
  I32,
  local,
  newFunction,
  release,
  SIMD,
  set,
  simd,
  simdMemory,
  V128,
  type ValueType,
} from "./emit.ts";
import { emitFolds } from "./folds.ts";
import {
  addConstant,
  divided,
  emitLoops,
  emitRoots,
  type Form,
  type Forms,
  type Loop,
  type Part,
  STAGE_PARAMETERS,
  want,
} from "./forms.ts";
import type { Affine, Lowered } from "./lower.ts";
import type { Panels } from "./panels.ts";
import { inTurns, placesOf } from "./plain.ts";
import { type Place, shiftOf } from "./reads.ts";
import {
  evaluate,
  evaluateTogether,
  outForm,
  placesTogether,
  prepareSegment,
  type Segment,
  segmentForms,
  store,
} from "./segment.ts";
import type { Coded } from "./stages.ts";
import { dispose, newTemps, pushVector } from "./values.ts";

/** How a step multiplies and adds: f32, i32, or pairs of i16 whose two products it adds at once. */
export type Arithmetic = "float" | "words" | "pairs";

const TIMES = { float: SIMD.f32x4Mul, words: SIMD.i32x4Mul, pairs: SIMD.i32x4DotI16 } as const;
const PLUS = { float: SIMD.f32x4Add, words: SIMD.i32x4Add, pairs: SIMD.i32x4Add } as const;

/**
 * A kernel whose factors lie ready: rows word by word, columns in panels (or, `packed` false, as rows of results). Addresses
 * are in words, but for rows of pairs: those are in halves.
 */
export type Tiled = {
  readonly k: Lowered;
  readonly arithmetic: Arithmetic;
  readonly row: { readonly slot: number; readonly address: Affine };
  readonly column: { readonly slot: number; readonly address: Affine; readonly packed: boolean };
  /** axis whose indices are the rows of a block, or −1 */
  readonly rowAxis: number;
  readonly rows: number;
  readonly panels: readonly Panels[];
  /** other loop axes, outermost first: those that the column factor walks, then the rest */
  readonly batch: readonly number[];
  readonly outer: readonly number[];
};

type Strip = {
  readonly tiled: Tiled;
  readonly f: Fn;
  readonly width: number;
  readonly row: Form;
  readonly column: Form;
  readonly out: Form;
  readonly init: Segment;
  readonly done: Segment;
};

type Block = { readonly place: Place; readonly row: number; readonly vector: number; readonly sum: number };

function blocksOf({ tiled, width, f }: Strip): Block[] {
  const { rowAxis, rows, k } = tiled;
  const vectors = width / 4;
  return placesOf({ laneAxis: k.loops.length - 1, vectors, rowAxis, rows }).map((place, i) => ({
    place,
    row: Math.floor(i / vectors),
    vector: i % vectors,
    sum: local(f, V128),
  }));
}

/** Sets the sums to what `init` gives; where that is the same for all rows, once. */
function start(s: Strip, blocks: readonly Block[]): void {
  const { f, tiled, init } = s;
  const perRow = tiled.rowAxis >= 0 && segmentForms(init).some((form) => form.coef[tiled.rowAxis] !== 0);
  const temps = newTemps(f);
  for (const { place, row, vector, sum } of blocks) {
    if (row > 0 && !perRow) {
      get(f, blocks[vector]!.sum);
    } else {
      const lookup = evaluate(temps, init, [], { place });
      pushVector(f, lookup(tiled.k.results[0]!), tiled.arithmetic === "float" ? "float" : "bits");
    }
    set(f, sum);
    dispose(temps);
  }
}

/** One step of all folds: sum ← sum ⊕ row · column. */
function step(
  { f, tiled, width, row, column }: Strip,
  blocks: readonly Block[],
  shift: ReadonlyMap<number, number>,
): void {
  const columns = Array.from({ length: width / 4 }, (_, vector) => {
    get(f, column.at);
    simdMemory(f, SIMD.load, shiftOf(column.coef, shift) + 16 * vector);
    const index = local(f, V128);
    set(f, index);
    return index;
  });
  const splat = local(f, V128);
  const distance = tiled.rowAxis < 0 ? 0 : row.coef[tiled.rowAxis]!;
  for (const block of blocks) {
    if (block.vector === 0) {
      get(f, row.at);
      const offset = shiftOf(row.coef, shift) + block.row * distance;
      if (offset < 0) addConstant(f, offset);
      simdMemory(f, SIMD.load32Splat, Math.max(0, offset));
      set(f, splat);
    }
    get(f, block.sum);
    get(f, splat);
    get(f, columns[block.vector]!);
    simd(f, TIMES[tiled.arithmetic]);
    simd(f, PLUS[tiled.arithmetic]);
    set(f, block.sum);
  }
  for (const index of [...columns, splat]) release(f, V128, index);
}

function finish({ f, tiled, done, out }: Strip, blocks: readonly Block[]): void {
  const temps = newTemps(f);
  const nan = tiled.arithmetic === "float" ? "dirty" : "raw";
  for (const together of inTurns(blocks, placesTogether(done))) {
    const lookups = evaluateTogether(
      temps,
      done,
      together.map(({ place, sum }) => ({
        state: [{ kind: "local", type: V128, index: sum, nan, mask: false }],
        at: { place },
      })),
    );
    together.forEach(({ place }, i) => {
      store(f, { kernel: tiled.k, out, place }, lookups[i]!(tiled.k.results[2]!));
    });
    dispose(temps);
  }
}

type Parts = {
  readonly forms: Forms;
  readonly init: Segment;
  readonly done: Segment;
  readonly row: Form;
  readonly column: Form;
  readonly out: Form;
};

function partsOf({ k, row, column, arithmetic }: Tiled, width: number): Parts {
  const forms: Forms = new Map();
  const foldScale = column.packed ? width : 1;
  const coef = column.address.coef.map((c, axis) => (axis < k.loops.length ? c : c * foldScale));
  return {
    forms,
    init: prepareSegment(k, forms, { instructions: k.init, reads: k.outer, results: [k.results[0]!] }),
    done: prepareSegment(k, forms, { instructions: k.done, reads: k.outer, results: [k.results[2]!] }),
    row: want(forms, row.slot, row.address, arithmetic === "pairs" ? 2 : 4),
    column: want(forms, column.slot, { base: column.address.base, coef }, 4),
    out: outForm(k, forms),
  };
}

/** Instructions of one step for one vector of sums, about. */
const STEP_SIZE = 2;

const rowLoop = ({ k, rowAxis, rows }: Tiled): Loop[] =>
  rowAxis < 0 ? [] : [{ axis: rowAxis, extent: k.loops[rowAxis]!, by: rows }];

/** All rows of one panel, or a part of them; its parameters are the values of the forms there, then the part. */
function stripFunction(tiled: Tiled, width: number, inParts: boolean): Fn {
  const parts = partsOf(tiled, width);
  const forms = [...parts.forms.values()];
  const part: Part = { part: forms.length, parts: forms.length + 1 };
  const f = newFunction(new Array<ValueType>(forms.length + (inParts ? 2 : 0)).fill(I32));
  forms.forEach((form, parameter) => {
    form.at = parameter;
  });
  const strip: Strip = { tiled, f, width, ...parts };
  const blocks = blocksOf(strip);
  const loops = rowLoop(tiled).map((loop) => (inParts ? { ...loop, part } : loop));
  emitLoops(f, forms, loops, () => {
    start(strip, blocks);
    const size = STEP_SIZE * blocks.length;
    emitFolds(f, tiled.k, [parts.row, parts.column], { size, emit: (shift) => step(strip, blocks, shift) });
    finish(strip, blocks);
  });
  return f;
}

/** Moves all forms along an axis while `body` is emitted. */
function moved(f: Fn, forms: readonly Form[], by: (form: Form) => number, body: () => void): void {
  const before = forms.map((form) => form.at);
  for (const form of forms) {
    const index = local(f, I32);
    get(f, form.at);
    addConstant(f, by(form));
    set(f, index);
    form.at = index;
  }
  body();
  forms.forEach((form, i) => {
    release(f, I32, form.at);
    form.at = before[i]!;
  });
}

type Nest = { readonly outside: readonly Loop[]; readonly inside: readonly Loop[]; readonly rows: readonly Loop[] };

/** The loops around the strips and in them, one of them in parts: rather one that the columns' words do not change along. */
function nestOf(tiled: Tiled, panels: Panels): Nest & { readonly blocks: number } {
  const { k } = tiled;
  const lanes = k.loops.length - 1;
  const loop = (axis: number): Loop => ({ axis, extent: k.loops[axis]!, by: 1 });
  const panelLoop: Loop = { axis: lanes, extent: panels.count * panels.width, by: panels.width };
  // batches whose results lie between those of neighbouring columns come inside, so that a line of cache fills at once
  const isOutside = (axis: number): boolean => k.out.coef[axis]! > k.out.coef[lanes]!;
  const outside = tiled.batch.filter(isOutside).map(loop);
  const inside = tiled.batch.filter((axis) => !isOutside(axis)).map(loop);
  const outer = tiled.outer.map(loop);
  const rows = rowLoop(tiled);
  const { loops, blocks } = divided([...outside, ...outer, ...rows, ...inside, panelLoop]);
  const found = ({ axis }: Loop): Loop => loops.find((divided) => divided.axis === axis)!;
  return {
    outside: outside.map(found),
    inside: [panelLoop, ...inside, ...outer].map(found),
    rows: rows.map(found),
    blocks,
  };
}

function emitPanels(f: Fn, tiled: Tiled, panels: Panels): number {
  const { k, column } = tiled;
  const lanes = k.loops.length - 1;
  const { forms, column: columnForm } = partsOf(tiled, panels.width);
  const nest = nestOf(tiled, panels);
  const part = nest.rows[0]?.part;
  const strip = stripFunction(tiled, panels.width, part !== undefined);
  const list = [...forms.values()];
  const firstColumn = (form: Form): number =>
    form.coef[lanes]! * (form === columnForm && column.packed ? panels.packed : panels.start);
  const callStrip = (): void => {
    for (const form of list) get(f, form.at);
    if (part) for (const index of [part.part, part.parts]) get(f, index);
    call(f, strip);
  };
  emitRoots(f, forms, k.sliced);
  emitLoops(f, list, nest.outside, () => moved(f, list, firstColumn, () => emitLoops(f, list, nest.inside, callStrip)));
  for (const form of list) release(f, I32, form.at);
  return nest.blocks;
}

export function tilesFunction(tiled: Tiled): Coded {
  const f = newFunction(STAGE_PARAMETERS);
  const blocks = tiled.panels.map((panels) => emitPanels(f, tiled, panels));
  return { fn: f, blocks: Math.max(...blocks) };
}
