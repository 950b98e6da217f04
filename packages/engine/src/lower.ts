/**
 * Kernels in the form that code is made from: every read is one affine address with the checks that its indices can fail;
 * checks that hold for all indices are gone, and neighbouring axes that every address walks as one are one.
 */
import type { Access, Dtype, Instruction, Kernel } from "@opengradient/program";

/** base + Σ coef·index over the loops, then the folds */
export type Affine = { readonly base: number; readonly coef: readonly number[] };

/** form (+ operand register 1 or 2 of `ld`) must be below extent, unsigned */
type Guard = { readonly form: Affine; readonly extent: number; readonly operand: 0 | 1 | 2 };

/** A coordinate of a box: its value, without the operand that may be added, must be below extent. */
type Side = {
  readonly form: Affine;
  readonly extent: number;
  readonly stride: number;
  readonly operand: 0 | 1 | 2;
};

/** What a read says, before it is known which of its checks can fail. */
export type Box = {
  /** number of its source in `Lowered.sources` */
  readonly slot: number;
  readonly dtype: Dtype;
  readonly length: number;
  readonly elseWord: number;
  readonly sides: readonly Side[];
};

export type Read = {
  /** absent after axes were joined */
  readonly box: Box | undefined;
  readonly slot: number;
  readonly dtype: Dtype;
  readonly elseWord: number;
  /** no index is inside: the word is always elseWord */
  readonly outside: boolean;
  /** in elements, without the operands */
  readonly address: Affine;
  readonly guards: readonly Guard[];
  readonly dynamic: readonly { readonly operand: 1 | 2; readonly stride: number }[];
  /** elements of the source, when the address can pass them; else 0 */
  readonly bound: number;
  /** address < (t + lead)·slice, when the address can fail it */
  readonly visible: { readonly lead: 0 | 1; readonly slice: number } | undefined;
};

/** Each index gives an element, known beforehand. */
export const isUnchecked = (read: Read): boolean =>
  read.guards.length === 0 && read.dynamic.length === 0 && read.bound === 0 && read.visible === undefined;

export type Source =
  | { readonly kind: "input" | "weight" | "result"; readonly index: number }
  /** what an earlier stage of the same kernel wrote */
  | { readonly kind: "buffer"; readonly index: number };

/** Type of what a stage writes for another of the same kernel: integers of 16 bits. */
export const I16 = 4;

export type Lowered = {
  readonly outType: Dtype | typeof I16;
  readonly loops: readonly number[];
  readonly folds: readonly number[];
  readonly state: number;
  readonly constants: readonly number[];
  readonly init: readonly Instruction[];
  readonly step: readonly Instruction[];
  readonly done: readonly Instruction[];
  readonly results: readonly number[];
  readonly sources: readonly Source[];
  /** for init and done (fold indices 0), by access */
  readonly outer: readonly Read[];
  /** for step, by access */
  readonly inner: readonly Read[];
  /** store address in elements over the loops */
  readonly out: Affine;
  /** axis that each loop or fold index register (by number) means */
  readonly axisOf: ReadonlyMap<number, number>;
  /** axis 0 is the slice of a recurrent group and no loop of the code */
  readonly sliced: boolean;
};

export const FIRST_LOOP = 4;
export const FIRST_FOLD = 12;
export const FIRST_CONSTANT = 16;

export function range(a: Affine, extents: readonly number[]): { readonly low: number; readonly high: number } {
  let low = a.base;
  let high = a.base;
  for (let i = 0; i < extents.length; i++) {
    const reach = a.coef[i]! * (extents[i]! - 1);
    if (reach < 0) low += reach;
    else high += reach;
  }
  return { low, high };
}

export function rowMajor(extents: readonly number[]): number[] {
  const strides = new Array<number>(extents.length);
  let stride = 1;
  for (let i = extents.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= extents[i]!;
  }
  return strides;
}

export const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

type GroupPlace = { readonly index: number; readonly kernel: Kernel };

/** The place of a read's source in the reader's own group: what of it is visible at slice t. */
function visibility(access: Access, place: GroupPlace, sliceCount: number): Read["visible"] {
  const { kernel, index } = place;
  const first = index - kernel.groupPos;
  if (access.space !== 2 || access.index < first || access.index >= first + kernel.groupSize) return undefined;
  return { lead: access.index < index ? 1 : 0, slice: access.length / sliceCount };
}

function alwaysVisible(address: Affine, visible: NonNullable<Read["visible"]>, extents: readonly number[]): boolean {
  const slices = extents[0]!;
  const others = range({ base: address.base, coef: address.coef.map((c, i) => (i === 0 ? 0 : c)) }, extents);
  const slack = (t: number): number => others.high + address.coef[0]! * t - (t + visible.lead) * visible.slice;
  return slack(0) < 0 && slack(slices - 1) < 0;
}

/** Address and remaining checks of a box over axes of these extents. */
export function boxRead(box: Box, extents: readonly number[], visible?: Read["visible"]): Read {
  const coef = new Array<number>(extents.length).fill(0);
  let base = 0;
  let reach = 0;
  let outside = false;
  const guards: Guard[] = [];
  const dynamic: { operand: 1 | 2; stride: number }[] = [];
  for (const { form, extent, stride, operand } of box.sides) {
    const { low, high } = range(form, extents);
    if (operand !== 0) dynamic.push({ operand, stride });
    if (operand === 0 && (high < 0 || low >= extent)) outside = true;
    if (operand !== 0 || low < 0 || high >= extent) guards.push({ form, extent, operand });
    reach += (operand !== 0 ? extent - 1 : Math.max(0, Math.min(high, extent - 1))) * stride;
    base += form.base * stride;
    for (let i = 0; i < extents.length; i++) coef[i]! += form.coef[i]! * stride;
  }
  const address = { base, coef };
  const isStatic = dynamic.length === 0;
  const staysInside = isStatic && range(address, extents).high < box.length;
  return {
    box,
    slot: box.slot,
    dtype: box.dtype,
    elseWord: box.elseWord,
    outside,
    address,
    guards,
    dynamic,
    bound: reach < box.length || staysInside ? 0 : box.length,
    visible: visible && isStatic && alwaysVisible(address, visible, extents) ? undefined : visible,
  };
}

function boxOf(access: Access, slot: number, axes: number): Box {
  let operands: 0 | 1 | 2 = 0;
  const sides = access.coordinates.map(({ base, extent, stride, coef }, j): Side => {
    const isDynamic = (access.dynMask & (1 << j)) !== 0;
    if (isDynamic) operands = operands === 0 ? 1 : 2;
    const form = { base, coef: Array.from({ length: axes }, (_, i) => coef[i] ?? 0) };
    return { form, extent, stride, operand: isDynamic ? operands : 0 };
  });
  return { slot, dtype: access.dtype, length: access.length, elseWord: access.elseWord, sides };
}

/** A read without checks, of a source of so many elements, with its address as a box again. */
export const withFlatBox = (read: Read, length: number): Read => {
  const { slot, dtype, elseWord, address } = read;
  const sides = [{ form: address, extent: length, stride: 1, operand: 0 } as const];
  return { ...read, box: { slot, dtype, length, elseWord, sides } };
};

const KINDS = ["input", "weight", "result"] as const;

/** `isGroup`: it runs slice by slice, because it has neighbours in a group or reads itself. */
export function lowerKernel(place: GroupPlace, isGroup: boolean): Lowered {
  const { kernel } = place;
  const sources: Source[] = [];
  const slots = kernel.accesses.map((access) => {
    const kind = KINDS[access.space];
    const known = sources.findIndex((s) => s.kind === kind && s.index === access.index);
    return known >= 0 ? known : sources.push({ kind, index: access.index }) - 1;
  });
  const both = [...kernel.loops, ...kernel.folds];
  const onlyLoops = both.map((extent, i) => (i < kernel.loops.length ? extent : 1));
  const reads = (extents: readonly number[]): Read[] =>
    kernel.accesses.map((access, a) => {
      const visible = visibility(access, place, extents[0] ?? 1);
      return boxRead(boxOf(access, slots[a]!, extents.length), extents, visible);
    });
  const axisOf = new Map<number, number>();
  for (let i = 0; i < kernel.loops.length; i++) axisOf.set(FIRST_LOOP + i, i);
  for (let i = 0; i < kernel.folds.length; i++) axisOf.set(FIRST_FOLD + i, kernel.loops.length + i);
  return {
    outType: kernel.outType,
    loops: kernel.loops,
    folds: kernel.folds,
    state: kernel.state,
    constants: kernel.constants,
    init: kernel.init,
    step: kernel.step,
    done: kernel.done,
    results: kernel.results,
    sources,
    outer: reads(onlyLoops),
    inner: reads(both),
    out: { base: 0, coef: [...rowMajor(kernel.loops), ...kernel.folds.map(() => 0)] },
    axisOf,
    sliced: isGroup,
  };
}

/** Axes whose index some instruction or result sees as a word. */
export function usedIndexAxes(k: Lowered): Set<number> {
  const used = new Set<number>();
  for (const [op, a, b, c] of [...k.init, ...k.step, ...k.done]) {
    for (const register of op === 0 ? [b, c] : [a, b, c]) {
      const axis = register >= FIRST_LOOP && register < FIRST_CONSTANT ? k.axisOf.get(register) : undefined;
      if (axis !== undefined) used.add(axis);
    }
  }
  for (const register of k.results) {
    const axis = k.axisOf.get(register);
    if (axis !== undefined && register < FIRST_CONSTANT) used.add(axis);
  }
  return used;
}

/** Reads that some instruction makes, but for those of which nothing is inside. */
export function usedReads(k: Lowered): Read[] {
  const of = (code: readonly Instruction[], reads: readonly Read[]): Read[] => {
    const accesses = new Set(code.filter(([opcode]) => opcode === 0).map(([, access]) => access));
    return [...accesses].map((access) => reads[access]!).filter(({ outside }) => !outside);
  };
  return [...of([...k.init, ...k.done], k.outer), ...of(k.step, k.inner)];
}

function affineForms(k: Lowered): Affine[] {
  const forms = [k.out];
  for (const read of usedReads(k)) forms.push(read.address, ...read.guards.map((g) => g.form));
  return forms;
}

/** Axis i+1 continues axis i in every address, so that both together are one longer axis. */
function mergeable(k: Lowered, i: number, used: ReadonlySet<number>): boolean {
  const extents = [...k.loops, ...k.folds];
  if (i + 1 === k.loops.length || i + 1 >= extents.length) return false;
  if (k.sliced && i === 0) return false;
  if (used.has(i) || used.has(i + 1)) return false;
  return affineForms(k).every((form) => form.coef[i] === form.coef[i + 1]! * extents[i + 1]!);
}

/** The kernel with its axes changed: `coef` for each form, `axis` for each axis number (undefined where it is gone). */
function changeAxes(
  k: Lowered,
  change: { readonly coef: (coef: readonly number[]) => number[]; readonly axis: (axis: number) => number | undefined },
): Lowered {
  const form = (a: Affine): Affine => ({ base: a.base, coef: change.coef(a.coef) });
  const read = (r: Read): Read => ({
    ...r,
    box: r.box && { ...r.box, sides: r.box.sides.map((side) => ({ ...side, form: form(side.form) })) },
    address: form(r.address),
    guards: r.guards.map((g) => ({ ...g, form: form(g.form) })),
  });
  const axisOf = new Map<number, number>();
  for (const [register, axis] of k.axisOf) {
    const now = change.axis(axis);
    if (now !== undefined) axisOf.set(register, now);
  }
  return { ...k, outer: k.outer.map(read), inner: k.inner.map(read), out: form(k.out), axisOf };
}

const withoutBox = (read: Read): Read => (read.box ? { ...read, box: undefined } : read);

function withoutAxis(k: Lowered, i: number): Lowered {
  const r = k.loops.length;
  const changed = changeAxes(
    { ...k, outer: k.outer.map(withoutBox), inner: k.inner.map(withoutBox) },
    {
      coef: (coef) => coef.toSpliced(i, 1),
      axis: (axis) => (axis === i ? undefined : axis > i ? axis - 1 : axis),
    },
  );
  return {
    ...changed,
    loops: i < r ? k.loops.toSpliced(i, 1) : k.loops,
    folds: i < r ? k.folds : k.folds.toSpliced(i - r, 1),
  };
}

/** The same elements with loop axis i innermost; only the order in which they are computed changes. */
export function withLast(k: Lowered, i: number): Lowered {
  const r = k.loops.length;
  const order = [...k.loops.keys()].filter((axis) => axis !== i).concat(i);
  const reordered = (list: readonly number[]): number[] => [...order.map((axis) => list[axis]!), ...list.slice(r)];
  const axis = (old: number): number => (old < r ? order.indexOf(old) : old);
  return { ...changeAxes(k, { coef: reordered, axis }), loops: reordered(k.loops) };
}

/** Joins what can be joined and drops axes of extent 1 (which only stages made here have). */
export function mergeAxes(kernel: Lowered): Lowered {
  let k = kernel;
  for (let i = k.loops.length + k.folds.length - 1; i >= 0; i--) {
    const extents = [...k.loops, ...k.folds];
    if (extents[i] === 1) {
      k = withoutAxis(k, i);
    } else if (mergeable(k, i, usedIndexAxes(k))) {
      const r = k.loops.length;
      const joined = extents[i]! * extents[i + 1]!;
      k = withoutAxis(k, i);
      k = i < r ? { ...k, loops: k.loops.with(i, joined) } : { ...k, folds: k.folds.with(i - r, joined) };
    }
  }
  return k;
}
