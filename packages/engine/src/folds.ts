/** The indices of a fold, in row-major order: the inner axes written out one after the other where that is little code. */
import type { Fn } from "./emit.ts";
import { emitLoops, type Form, type Loop } from "./forms.ts";
import type { Lowered } from "./lower.ts";

type Shift = ReadonlyMap<number, number>;

/** Instructions that a fold may be written out to. */
const LARGEST_BODY = 288;

function withAxis(shifts: readonly Shift[], axis: number, extent: number): Shift[] {
  return Array.from({ length: extent }, (_, index) => shifts.map((shift) => new Map([[axis, index], ...shift]))).flat();
}

export type Body = {
  /** instructions of one step */
  readonly size: number;
  /** emits one step; `shift` has the indices of the axes that are written out */
  readonly emit: (shift: Shift) => void;
};

export function emitFolds(f: Fn, k: Lowered, forms: readonly Form[], body: Body): void {
  let shifts: readonly Shift[] = [new Map()];
  let looped = k.folds.length;
  while (looped > 0 && shifts.length * k.folds[looped - 1]! * body.size <= LARGEST_BODY) {
    looped--;
    shifts = withAxis(shifts, k.loops.length + looped, k.folds[looped]!);
  }
  const loops = k.folds.slice(0, looped).map((extent, i): Loop => ({ axis: k.loops.length + i, extent, by: 1 }));
  emitLoops(f, forms, loops, () => shifts.forEach(body.emit));
}
