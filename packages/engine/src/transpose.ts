/** Copies that turn words round: neighbours in the source lie apart in the result. Squares of 4 × 4 words go through registers. */
import { type Fn, get, local, newFunction, op, release, SIMD, set, simd, simdMemory, V128 } from "./emit.ts";
import {
  addConstant,
  divided,
  emitLoops,
  emitRoots,
  type Form,
  type Forms,
  type Loop,
  STAGE_PARAMETERS,
  want,
} from "./forms.ts";
import type { Lowered, Read } from "./lower.ts";
import { movedRead } from "./origins.ts";
import { outForm } from "./segment.ts";
import type { Coded } from "./stages.ts";

/** Words of a line of cache: as many neighbours of the source are taken at once, so that no line is fetched twice. */
const LINE = 16;
const SIDE = 4;

type Transpose = {
  readonly read: Read;
  /** neighbours in the source */
  readonly from: number;
  /** neighbours in the result */
  readonly to: number;
};

function recognise(k: Lowered): Transpose | undefined {
  const read = movedRead(k);
  if (!read) return undefined;
  const unit = (coef: readonly number[]): number =>
    k.loops.findIndex((extent, axis) => coef[axis] === 1 && extent >= SIDE);
  const [from, to] = [unit(read.address.coef), unit(k.out.coef)];
  return from < 0 || to < 0 || from === to ? undefined : { read, from, to };
}

/** Words 0 0 1 1 of two vectors by turns, or 2 2 3 3. */
function interleave(f: Fn, [a, b]: readonly [number, number], half: 0 | 1): void {
  get(f, a);
  get(f, b);
  simd(f, SIMD.shuffle);
  for (const word of [0, 4, 1, 5]) for (let byte = 0; byte < 4; byte++) op(f, 4 * (word + 2 * half) + byte);
}

type Square = { readonly f: Fn; readonly source: Form; readonly out: Form; readonly found: Transpose };

function pushPointer(f: Fn, form: Form, offset: number): number {
  get(f, form.at);
  if (offset >= 0) return offset;
  addConstant(f, offset);
  return 0;
}

/** `start`: of the source's neighbours. */
function square({ f, source, out, found: { from, to } }: Square, start: number): void {
  const rows = Array.from({ length: SIDE }, (_, i) => {
    const offset = pushPointer(f, source, source.coef[to]! * i + source.coef[from]! * start);
    simdMemory(f, SIMD.load, offset);
    const row = local(f, V128);
    set(f, row);
    return row;
  });
  const pairs = ([0, 0, 1, 1] as const).map((half, i) => {
    interleave(f, [rows[i % 2]!, rows[(i % 2) + 2]!], half);
    const pair = local(f, V128);
    set(f, pair);
    return pair;
  });
  for (let column = 0; column < SIDE; column++) {
    const offset = pushPointer(f, out, out.coef[from]! * (start + column));
    const pair = column < 2 ? 0 : 2;
    interleave(f, [pairs[pair]!, pairs[pair + 1]!], column % 2 === 0 ? 0 : 1);
    simdMemory(f, SIMD.store, offset);
  }
  for (const index of [...rows, ...pairs]) release(f, V128, index);
}

/** Undefined when the kernel is no such copy. */
export function transposeFunction(k: Lowered): Coded | undefined {
  const found = recognise(k);
  if (!found) return undefined;
  const f = newFunction(STAGE_PARAMETERS);
  const forms: Forms = new Map();
  const at: Square = { f, source: want(forms, found.read.slot, found.read.address, 4), out: outForm(k, forms), found };
  const { from, to } = found;
  const width = k.loops[from]! >= LINE ? LINE : SIDE;
  const others = [...k.loops.keys()].filter((axis) => axis !== from && axis !== to);
  const by = new Map([
    [from, width],
    [to, SIDE],
  ]);
  const loops = [...others, from, to].map((axis): Loop => ({ axis, extent: k.loops[axis]!, by: by.get(axis) ?? 1 }));
  emitRoots(f, forms, false);
  const inParts = divided(loops);
  emitLoops(f, [...forms.values()], inParts.loops, () => {
    for (let start = 0; start < width; start += SIDE) square(at, start);
  });
  return { fn: f, blocks: inParts.blocks };
}
