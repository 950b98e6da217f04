/** `ld` as WebAssembly: one load where the checks are gone, a branch where one can fail, lane by lane where lanes differ. */
import type { Dtype } from "@opengradient/program";
import {
  F32,
  type Fn,
  f32Bits,
  get,
  I32,
  i32,
  memory,
  OP,
  op,
  SIMD,
  set,
  simd,
  simdMemory,
  V128,
  v128Lanes,
} from "./emit.ts";
import { addConstant, type Form, type Forms, want } from "./forms.ts";
import type { Affine, Read } from "./lower.ts";
import { canonicalise, constant, isVector, pop, pushI32, pushLane, type Temps, take, type Value } from "./values.ts";

/** Where in the loops code stands: beside the running index of each axis a constant, and the axis whose four indices are lanes. */
export type Place = { readonly laneAxis: number; readonly shift: ReadonlyMap<number, number> };

export type ReadForms = {
  readonly read: Read;
  /** byte address; absent when the address needs a check or an operand */
  readonly pointer: Form | undefined;
  readonly element: Form | undefined;
  readonly origin: Form | undefined;
  readonly guards: readonly Form[];
  /** (t + lead)·slice */
  readonly visible: Form | undefined;
};

export const widthOf = (dtype: Dtype): number => (dtype < 2 ? 4 : 1);

export function readForms(forms: Forms, read: Read): ReadForms {
  if (read.outside)
    return { read, pointer: undefined, element: undefined, origin: undefined, guards: [], visible: undefined };
  const none = read.address.coef.map(() => 0);
  const checked = read.dynamic.length > 0 || read.bound > 0 || read.visible !== undefined;
  const { visible } = read;
  return {
    read,
    pointer: checked ? undefined : want(forms, read.slot, read.address, widthOf(read.dtype)),
    element: checked ? want(forms, -1, read.address) : undefined,
    origin: checked ? want(forms, read.slot, { base: 0, coef: none }) : undefined,
    guards: read.guards.map((guard) => want(forms, -1, guard.form)),
    visible: visible && want(forms, -1, { base: visible.lead * visible.slice, coef: none.with(0, visible.slice) }),
  };
}

type Job = {
  readonly f: Fn;
  readonly forms: ReadForms;
  readonly place: Place;
  /** the two operands, one lane of them */
  readonly operand: (which: 1 | 2) => void;
  readonly lane: number;
};

export function shiftOf(coef: readonly number[], shift: ReadonlyMap<number, number>): number {
  let total = 0;
  for (const [axis, by] of shift) total += coef[axis]! * by;
  return total;
}

/** What the constants of the place and the lane add to a form. */
function distance(job: Job, form: Form): number {
  const { laneAxis, shift } = job.place;
  return shiftOf(form.coef, shift) + (laneAxis < 0 ? 0 : form.coef[laneAxis]! * job.lane);
}

function pushElement(job: Job): void {
  const { f, forms } = job;
  get(f, forms.element!.at);
  addConstant(f, distance(job, forms.element!));
  for (const { operand, stride } of forms.read.dynamic) {
    job.operand(operand);
    i32(f, stride);
    op(f, OP.i32Mul, OP.i32Add);
  }
}

/** Pushes one i32, 0 when the read gives its else-word. Nothing is pushed, and false returned, when it never does. */
function pushInside(job: Job): boolean {
  const { f, forms } = job;
  const { read } = forms;
  let pushed = 0;
  const both = (): void => {
    if (pushed++ > 0) op(f, OP.i32And);
  };
  read.guards.forEach((guard, j) => {
    const form = forms.guards[j]!;
    get(f, form.at);
    addConstant(f, distance(job, form));
    if (guard.operand !== 0) {
      job.operand(guard.operand);
      op(f, OP.i32Add);
    }
    i32(f, guard.extent);
    op(f, OP.i32LtU);
    both();
  });
  if (read.bound > 0) {
    pushElement(job);
    i32(f, read.bound);
    op(f, OP.i32LtU);
    both();
  }
  if (forms.visible) {
    pushElement(job);
    get(f, forms.visible.at);
    op(f, OP.i32LtU);
    both();
  }
  return pushed > 0;
}

/** Pushes a byte address and returns what to give as the instruction's offset. */
function pushAddress(job: Job): number {
  const { f, forms } = job;
  if (forms.pointer) {
    const offset = distance(job, forms.pointer);
    get(f, forms.pointer.at);
    // a running address outside its source may have wrapped, and an instruction's offset does not wrap back
    if (offset >= 0 && forms.read.guards.length === 0) return offset;
    addConstant(f, offset);
    return 0;
  }
  pushElement(job);
  if (widthOf(forms.read.dtype) === 4) {
    i32(f, 2);
    op(f, OP.i32Shl);
  }
  get(f, forms.origin!.at);
  op(f, OP.i32Add);
  return 0;
}

const SCALAR_LOAD = [OP.i32Load, OP.i32Load, OP.i32Load8S, OP.i32Load8U] as const;

function pushScalar(job: Job, type: typeof I32 | typeof F32): void {
  const { f, forms } = job;
  const { dtype, elseWord } = forms.read;
  const checked = pushInside(job);
  if (checked) op(f, OP.if, type);
  const offset = pushAddress(job);
  memory(f, type === F32 ? OP.f32Load : SCALAR_LOAD[dtype], offset);
  if (!checked) return;
  op(f, OP.else);
  if (type === F32) f32Bits(f, elseWord);
  else i32(f, elseWord);
  op(f, OP.end);
}

function pushUnit(job: Job): void {
  const { f, forms } = job;
  const offset = pushAddress(job);
  const { dtype } = forms.read;
  if (dtype < 2) {
    simdMemory(f, SIMD.load, offset);
    return;
  }
  simdMemory(f, SIMD.load32Zero, offset);
  simd(f, dtype === 2 ? SIMD.i16x8ExtendLowS : SIMD.i16x8ExtendLowU);
  simd(f, dtype === 2 ? SIMD.i32x4ExtendLowS : SIMD.i32x4ExtendLowU);
}

/** Four lanes from scalar reads, each at its own address; pushes nothing, returns the vector's local. */
function gather(t: Temps, job: Job, operands: readonly [Value, Value]): number {
  const { f } = t;
  const index = take(t, V128);
  for (let lane = 0; lane < 4; lane++) {
    get(f, index);
    pushScalar({ ...job, lane, operand: (which) => pushLane(f, operands[which - 1]!, lane) }, I32);
    simd(f, SIMD.i32x4Replace);
    op(f, lane);
    set(f, index);
  }
  return index;
}

export type LaneShape = {
  /** lanes can differ in being inside */
  readonly varies: boolean;
  readonly stride: number;
  /** neighbours in memory; inside together if the first and the last are, since boxes are convex */
  readonly unit: boolean;
};

export function laneShape(read: Read, laneAxis: number, vectorOperands: boolean): LaneShape {
  const along = (a: Affine): number => (laneAxis < 0 ? 0 : a.coef[laneAxis]!);
  const stride = along(read.address);
  const checkedAddress = stride !== 0 && (read.bound > 0 || read.visible !== undefined);
  const varies = vectorOperands || checkedAddress || read.guards.some((g) => along(g.form) !== 0);
  return { varies, stride, unit: stride === 1 && !vectorOperands };
}

export type ReadAt = { readonly forms: ReadForms; readonly place: Place; readonly float: boolean };

export function emitRead(t: Temps, { forms, place, float }: ReadAt, operands: readonly [Value, Value]): Value {
  const { f } = t;
  const { read } = forms;
  if (read.outside) return constant(read.elseWord);
  for (const operand of operands) canonicalise(f, operand);
  const job: Job = { f, forms, place, lane: 0, operand: (which) => pushI32(f, operands[which - 1]!) };
  const { varies, stride, unit } = laneShape(read, place.laneAxis, read.dynamic.length > 0 && operands.some(isVector));
  if (!varies && stride === 0) {
    const type = float && read.dtype === 0 ? F32 : I32;
    pushScalar(job, type);
    return pop(t, type, "raw");
  }
  if (!unit) return { kind: "local", type: V128, index: gather(t, job, operands), nan: "raw", mask: false };
  const checked = pushInside(job);
  if (checked && varies) {
    pushInside({ ...job, lane: 3 });
    op(f, OP.i32And);
  }
  if (checked) op(f, OP.if, V128);
  pushUnit(job);
  if (checked) {
    op(f, OP.else);
    if (varies) get(f, gather(t, job, operands));
    else v128Lanes(f, [read.elseWord, read.elseWord, read.elseWord, read.elseWord]);
    op(f, OP.end);
  }
  return pop(t, V128, "raw");
}
