/** Arithmetic on the boxes of accesses. */
import type { Access, Coordinate } from "./types.ts";

/** base + Σ coef·index, over loops, then folds */
export type Affine = { readonly base: number; readonly coef: readonly number[] };

/** Least and greatest value over all indices. */
export function rangeOf(a: Affine, extents: readonly number[]): readonly [low: number, high: number] {
  let low = a.base;
  let high = a.base;
  a.coef.forEach((c, i) => {
    const most = c * (extents[i]! - 1);
    if (most < 0) low += most;
    else high += most;
  });
  return [low, high];
}

/** Σ factor·affine */
export function combine(terms: readonly (readonly [factor: number, a: Affine])[], indices: number): Affine {
  const coef = new Array<number>(indices).fill(0);
  let base = 0;
  for (const [factor, a] of terms) {
    base += factor * a.base;
    for (let i = 0; i < indices; i++) coef[i]! += factor * a.coef[i]!;
  }
  // `+ 0` turns −0 into 0, so that equal boxes compare equal
  return { base: base + 0, coef: coef.map((c) => c + 0) };
}

/** Whether a static coordinate can leave its extent. */
export function canFail(c: Coordinate, extents: readonly number[]): boolean {
  const [low, high] = rangeOf(c, extents);
  return low < 0 || high >= c.extent;
}

/** The coordinates that an `ld` adds a register to, and the others. */
export function dynamicOf(access: Access): readonly boolean[] {
  return access.coordinates.map((_, j) => (access.dynMask & (1 << j)) !== 0);
}

/**
 * The same reads with as few coordinates as possible: those that never leave their extent are summed into one of stride 1,
 * which comes last. The others keep their order.
 */
export function simplifyAccess(access: Access, extents: readonly number[]): Access {
  const dynamic = dynamicOf(access);
  const keep = access.coordinates.map((c, j) => dynamic[j]! || canFail(c, extents));
  const keptAt = access.coordinates.flatMap((_, j) => (keep[j] ? [j] : []));
  const kept = keptAt.map((j) => access.coordinates[j]!);
  const terms = access.coordinates.filter((_, j) => !keep[j]).map((c) => [c.stride, c] as const);
  const sum = combine(terms, extents.length);
  const [low, high] = rangeOf(sum, extents);
  let reach = high;
  for (const c of kept) reach += (c.extent - 1) * c.stride;
  // A partial sum that may pass the tensor's end is a guard of its own: leave such a box as it is.
  if (low < 0 || reach >= access.length) return access;
  const coordinates = [...kept];
  if (high > 0) coordinates.push({ ...sum, extent: high + 1, stride: 1 });
  const dynMask = keptAt.reduce((mask, from, to) => (dynamic[from] ? mask | (1 << to) : mask), 0);
  return { ...access, dynMask, coordinates };
}
