/** Words while code is made: constants, scalars that all lanes share, and vectors of four. */
import { CANONICAL_NAN } from "@opengradient/program";
import {
  F32,
  type Fn,
  f32Bits,
  get,
  I32,
  i32,
  local,
  OP,
  op,
  SIMD,
  set,
  simd,
  V128,
  type ValueType,
  v128Lanes,
} from "./emit.ts";

/**
 * What a word's bits may be: `dirty`, the raw NaN of an f32 instruction, made canonical before its bits are seen;
 * `raw`, moved bits, which must stay; `clean`, never a NaN that is not canonical.
 */
export type Nan = "dirty" | "raw" | "clean";

export type Value =
  | { readonly kind: "constant"; readonly bits: number }
  | {
      readonly kind: "local";
      readonly type: ValueType;
      readonly index: number;
      nan: Nan;
      /** lanes hold 0 and −1 for the words 0 and 1 */
      readonly mask: boolean;
    };

export const constant = (bits: number): Value => ({ kind: "constant", bits: bits >>> 0 });

export const isVector = (v: Value): boolean => v.kind === "local" && v.type === V128;

function isNoise(v: Value): boolean {
  return v.kind === "constant" && (v.bits & 0x7fffffff) > 0x7f800000 && v.bits !== CANONICAL_NAN;
}

/** How the word's NaN bits came about; a constant that is a NaN of other bits counts as moved. */
export const nanOf = (v: Value): Nan => (v.kind === "local" ? v.nan : isNoise(v) ? "raw" : "clean");

/** Values made in one stretch of straight-line code; `dispose` gives their locals back. */
export type Temps = { readonly f: Fn; readonly taken: [ValueType, number][] };

export const newTemps = (f: Fn): Temps => ({ f, taken: [] });

export function take(t: Temps, type: ValueType): number {
  const index = local(t.f, type);
  t.taken.push([type, index]);
  return index;
}

export function dispose(t: Temps): void {
  for (const [type, index] of t.taken) t.f.free[type].push(index);
  t.taken.length = 0;
}

/** Pops the top of the stack into a new value. */
export function pop(t: Temps, type: ValueType, nan: Nan, mask = false): Value {
  const index = take(t, type);
  set(t.f, index);
  return { kind: "local", type, index, nan, mask };
}

/** Emitted where control always passes, never inside a branch: it changes the value's local. */
export function canonicalise(f: Fn, v: Value): void {
  if (v.kind !== "local" || v.nan !== "dirty") return;
  get(f, v.index);
  if (v.type === V128) v128Lanes(f, [CANONICAL_NAN, CANONICAL_NAN, CANONICAL_NAN, CANONICAL_NAN]);
  else f32Bits(f, CANONICAL_NAN);
  get(f, v.index);
  get(f, v.index);
  if (v.type === V128) {
    simd(f, SIMD.f32x4Eq);
    simd(f, SIMD.bitselect);
  } else {
    op(f, OP.f32Eq, OP.select);
  }
  set(f, v.index);
  v.nan = "clean";
}

export function pushI32(f: Fn, v: Value): void {
  if (v.kind === "constant") {
    i32(f, v.bits);
    return;
  }
  canonicalise(f, v);
  get(f, v.index);
  if (v.type === F32) op(f, OP.i32ReinterpretF32);
}

/** For arithmetic, to which a NaN's bits do not matter. */
export function pushF32(f: Fn, v: Value): void {
  if (v.kind === "constant") {
    f32Bits(f, v.bits);
    return;
  }
  get(f, v.index);
  if (v.type === I32) op(f, OP.f32ReinterpretI32);
}

export type Use = "bits" | "float";

export function pushVector(f: Fn, v: Value, use: Use): void {
  if (v.kind === "constant") {
    v128Lanes(f, [v.bits, v.bits, v.bits, v.bits]);
    return;
  }
  if (use === "bits") canonicalise(f, v);
  get(f, v.index);
  if (v.type === I32) simd(f, SIMD.i32x4Splat);
  if (v.type === F32) simd(f, SIMD.f32x4Splat);
  if (v.mask) {
    v128Lanes(f, [1, 1, 1, 1]);
    simd(f, SIMD.and);
  }
}

/** Lanes all ones where the word is not 0. */
export function pushMask(f: Fn, v: Value): void {
  if (v.kind === "local" && v.mask) {
    get(f, v.index);
    return;
  }
  pushVector(f, v, "bits");
  v128Lanes(f, [0, 0, 0, 0]);
  simd(f, SIMD.i32x4Ne);
}

/** Word of one lane (of a scalar: the scalar) as i32. */
export function pushLane(f: Fn, v: Value, lane: number): void {
  if (v.kind === "constant" || v.type !== V128) {
    pushI32(f, v);
    return;
  }
  canonicalise(f, v);
  get(f, v.index);
  simd(f, SIMD.i32x4Extract);
  op(f, lane);
  if (v.mask) {
    i32(f, 1);
    op(f, OP.i32And);
  }
}
