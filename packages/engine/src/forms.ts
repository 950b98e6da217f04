/** Affine values that run with the loops: one local per depth, advanced by a constant instead of computed anew. */
import { type Fn, get, I32, i32, local, memory, OP, op, release, set, tee } from "./emit.ts";
import type { Affine } from "./lower.ts";

/** base + Σ coef·index, plus the address of source `slot` when slot ≥ 0; modulo 2³². */
export type Form = {
  readonly slot: number;
  readonly base: number;
  readonly coef: readonly number[];
  /** local with the value at the present depth */
  at: number;
};

export type Forms = Map<string, Form>;

export function want(forms: Forms, slot: number, { base, coef }: Affine, width = 1): Form {
  const scaled = coef.map((c) => c * width);
  const key = [slot, base * width, ...scaled].join();
  const known = forms.get(key);
  if (known) return known;
  const form = { slot, base: base * width, coef: scaled, at: -1 };
  forms.set(key, form);
  return form;
}

/**
 * What a function gets: the address of its pointers (one i32 per slot), the slice of a recurrent group, and which of how
 * many parts of its work it is to do.
 */
export const FRAME = 0;
export const SLICE = 1;
const PART = 2;
const PARTS = 3;
export const STAGE_PARAMETERS = [I32, I32, I32, I32] as const;

/** Values before any loop; in a sliced kernel axis 0 is the parameter SLICE. */
export function emitRoots(f: Fn, forms: Forms, sliced: boolean): void {
  for (const form of forms.values()) {
    form.at = local(f, I32);
    i32(f, form.base);
    if (form.slot >= 0) {
      get(f, FRAME);
      memory(f, OP.i32Load, 4 * form.slot);
      op(f, OP.i32Add);
    }
    if (sliced && form.coef[0] !== 0) {
      get(f, SLICE);
      i32(f, form.coef[0]!);
      op(f, OP.i32Mul, OP.i32Add);
    }
    set(f, form.at);
  }
}

export function addConstant(f: Fn, value: number): void {
  if ((value | 0) === 0) return;
  i32(f, value);
  op(f, OP.i32Add);
}

export type Loop = {
  readonly axis: number;
  readonly extent: number;
  /** indices taken at once; when they do not divide the extent, the last time overlaps the one before */
  readonly by: number;
  /** only the indices of the part that the function is called for */
  readonly part?: Part | undefined;
};

/** Locals that hold a part's number and how many there are. */
export type Part = { readonly part: number; readonly parts: number };

export const WHOLE_FUNCTION: Part = { part: PART, parts: PARTS };

/** Blocks of an axis that can go to different parts; the last may overlap the one before and goes with it. */
export const blocksOf = ({ extent, by }: Loop): number => Math.floor(extent / by);

/** More parts than this are never wanted of one function. */
const ENOUGH_BLOCKS = 16;

/** The loops with one of them in parts: the outermost with enough blocks, else the one with most. */
export function divided(loops: readonly Loop[]): { readonly loops: readonly Loop[]; readonly blocks: number } {
  let chosen = -1;
  let blocks = 1;
  loops.forEach((loop, i) => {
    if (Math.min(blocksOf(loop), ENOUGH_BLOCKS) <= Math.min(blocks, ENOUGH_BLOCKS)) return;
    chosen = i;
    blocks = blocksOf(loop);
  });
  return { loops: loops.map((loop, i) => (i === chosen ? { ...loop, part: WHOLE_FUNCTION } : loop)), blocks };
}

/** Locals with the first index of a part and the one after its last. */
function emitBounds(f: Fn, loop: Loop, { part, parts }: Part): { low: number; high: number } {
  const low = local(f, I32);
  const high = local(f, I32);
  const each = local(f, I32);
  const blocks = blocksOf(loop);
  i32(f, blocks - 1);
  get(f, parts);
  op(f, OP.i32Add);
  get(f, parts);
  op(f, OP.i32DivU);
  tee(f, each);
  get(f, part);
  op(f, OP.i32Mul);
  tee(f, low);
  get(f, each);
  op(f, OP.i32Add);
  set(f, high);
  get(f, high);
  i32(f, loop.by);
  op(f, OP.i32Mul);
  i32(f, loop.extent);
  get(f, high);
  i32(f, blocks);
  op(f, OP.i32LtU, OP.select);
  set(f, high);
  get(f, low);
  i32(f, loop.by);
  op(f, OP.i32Mul);
  set(f, low);
  release(f, I32, each);
  return { low, high };
}

type Running = { readonly form: Form; readonly outside: number };

function advance(f: Fn, running: readonly Running[], axis: number, push: (coef: number) => void): void {
  for (const { form } of running) {
    get(f, form.at);
    push(form.coef[axis]!);
    op(f, OP.i32Add);
    set(f, form.at);
  }
}

type Ends = { readonly pushLow: () => void; readonly pushHigh: () => void };

/** What is left to go, at most `by`, is the step: the last block ends exactly at the extent. */
function overlapping(f: Fn, counter: number, running: readonly Running[], loop: Loop, { pushHigh }: Ends): void {
  const step = local(f, I32);
  pushHigh();
  addConstant(f, -loop.by);
  get(f, counter);
  op(f, OP.i32Sub);
  tee(f, step);
  op(f, OP.i32Eqz, OP.brIf, 1);
  i32(f, loop.by);
  get(f, step);
  get(f, step);
  i32(f, loop.by);
  op(f, OP.i32LtS, OP.i32Eqz, OP.select);
  set(f, step);
  get(f, counter);
  get(f, step);
  op(f, OP.i32Add);
  set(f, counter);
  advance(f, running, loop.axis, (coef) => {
    get(f, step);
    i32(f, coef);
    op(f, OP.i32Mul);
  });
  op(f, OP.br, 0);
  release(f, I32, step);
}

/** Forms and counter at their start, then the turns. */
function turns(f: Fn, running: readonly Running[], loop: Loop, ends: Ends, body: () => void): void {
  const counter = local(f, I32);
  for (const { form, outside } of running) {
    form.at = local(f, I32);
    get(f, outside);
    if (loop.part) {
      ends.pushLow();
      i32(f, form.coef[loop.axis]!);
      op(f, OP.i32Mul, OP.i32Add);
    }
    set(f, form.at);
  }
  ends.pushLow();
  set(f, counter);
  if (loop.extent % loop.by === 0) {
    op(f, OP.loop, OP.void);
    body();
    advance(f, running, loop.axis, (coef) => i32(f, coef * loop.by));
    get(f, counter);
    i32(f, loop.by);
    op(f, OP.i32Add);
    tee(f, counter);
    ends.pushHigh();
    op(f, OP.i32LtU, OP.brIf, 0, OP.end);
  } else {
    op(f, OP.block, OP.void, OP.loop, OP.void);
    body();
    overlapping(f, counter, running, loop, ends);
    op(f, OP.end, OP.end);
  }
  release(f, I32, counter);
  for (const { form, outside } of running) {
    release(f, I32, form.at);
    form.at = outside;
  }
}

/** Runs `body` for the indices of one axis in ascending order, with every form at its value there. */
export function emitLoop(f: Fn, forms: Iterable<Form>, loop: Loop, body: () => void): void {
  const running: Running[] = [];
  for (const form of forms) if (form.coef[loop.axis] !== 0) running.push({ form, outside: form.at });
  if (!loop.part) {
    turns(f, running, loop, { pushLow: () => i32(f, 0), pushHigh: () => i32(f, loop.extent) }, body);
    return;
  }
  const { low, high } = emitBounds(f, loop, loop.part);
  // with more parts than blocks some have nothing to do
  get(f, low);
  i32(f, blocksOf(loop) * loop.by);
  op(f, OP.i32LtU, OP.if, OP.void);
  turns(f, running, loop, { pushLow: () => get(f, low), pushHigh: () => get(f, high) }, body);
  op(f, OP.end);
  release(f, I32, low);
  release(f, I32, high);
}

export function emitLoops(f: Fn, forms: Iterable<Form>, loops: readonly Loop[], body: () => void): void {
  const [first, ...rest] = loops;
  if (!first) body();
  else emitLoop(f, forms, first, () => emitLoops(f, forms, rest, body));
}
