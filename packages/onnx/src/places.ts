/** Integer code for places on an axis that are computed when the Program runs. */
import type { Expr } from "@opengradient/program";
import { type Builder, rowMajor, type Value } from "./builder.ts";
import { and, iadd, ilt, imax, imin, imul, int, irem, isub, select, ult } from "./scalar.ts";

/** Negative places count from the end. */
export const fromEnd = (at: Expr, length: number): Expr => select(ilt(at, int(0)), iadd(at, int(length)), at);

/** The nearest place of the axis. */
export const clamped = (at: Expr, length: number): Expr => imin(imax(at, int(0)), int(length - 1));

/** As if the axis repeated. */
export const wrapped = (at: Expr, length: number): Expr => fromEnd(irem(at, int(length)), length);

/** As if the axis were mirrored at its ends: about its last elements, or about their outer edges. */
export function mirrored(at: Expr, length: number, about: "element" | "edge"): Expr {
  const last = about === "edge" ? 2 * length - 1 : 2 * length - 2;
  if (last === 0) return int(0);
  const once = wrapped(at, about === "edge" ? last + 1 : last);
  return imin(once, isub(int(last), once));
}

/** For each tuple in the last dimension of `indices`, its row-major place in a tensor of `dims`; −1 where it is none. */
export function flatPlaces(build: Builder, indices: Value, dims: readonly number[]): Value {
  const strides = rowMajor(dims);
  return build.map("i32", indices.dims.slice(0, -1), ({ loops, read }) => {
    const entries = dims.map((length, i) =>
      fromEnd(read(indices, [...loops, { base: i, coef: loops.map(() => 0) }]), length),
    );
    const inside = entries.map((at, i) => ult(at, int(dims[i]!)));
    const place = entries.map((at, i) => (strides[i] === 1 ? at : imul(at, int(strides[i]!))));
    if (entries.length === 0) return int(0);
    return select(inside.reduce(and), place.reduce(iadd), int(-1));
  });
}
