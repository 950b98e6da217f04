/** Elements between elements: weights and places around a coordinate that is computed when the Program runs. */
import type { Expr } from "@opengradient/program";
import { type Frame, type Index, type Value, view } from "./builder.ts";
import { elementsOf } from "./elements.ts";
import { and, f2i, fadd, ffloor, float, fmul, fsub, iadd, imul, int, select, ult } from "./scalar.ts";

export type Tap = { readonly place: Expr; readonly factor: Expr };

/** The two elements around v. */
export function linearTaps(v: Expr): readonly Tap[] {
  const floor = ffloor(v);
  const t = fsub(v, floor);
  const place = f2i(floor);
  return [
    { place, factor: fsub(float(1), t) },
    { place: iadd(place, int(1)), factor: t },
  ];
}

/** The four around v, weighed by Keys' cubic with a = −0.75. */
export function cubicTaps(v: Expr): readonly Tap[] {
  const floor = ffloor(v);
  const t = fsub(v, floor);
  const a = -0.75;
  const polynomial = (x: Expr, ...coefficients: number[]): Expr =>
    coefficients.slice(1).reduce((sum, c) => fadd(fmul(sum, x), float(c)), float(coefficients[0]!));
  const near = (d: Expr): Expr => polynomial(d, a + 2, -(a + 3), 0, 1);
  const far = (d: Expr): Expr => polynomial(d, a, -5 * a, 8 * a, -4 * a);
  const rest = fsub(float(1), t);
  const factors = [far(fadd(t, float(1))), near(t), near(rest), far(fadd(rest, float(1)))];
  return factors.map((factor, i) => ({ place: iadd(f2i(floor), int(i - 1)), factor }));
}

/**
 * Σ factor·element over all combinations of one tap an axis, for the last axes of `value`; the first axis outermost.
 * Places outside read 0.
 */
export function weighted(
  frame: Frame,
  value: Value,
  before: readonly Index[],
  axes: readonly (readonly Tap[])[],
): Expr {
  const along = (taken: readonly Expr[]): Expr => {
    const taps = axes[taken.length];
    if (taps === undefined) return elementAt(frame, value, before, taken);
    // a single tap is the element itself, whatever its type
    if (taps.length === 1) return along([...taken, taps[0]!.place]);
    const terms = taps.map(({ place, factor }) => fmul(factor, along([...taken, place])));
    return terms.reduce(fadd);
  };
  return along([]);
}

/** The element of `value` at computed places of its last axes, 0 outside. */
export function elementAt(frame: Frame, value: Value, before: readonly Index[], places: readonly Expr[]): Expr {
  const lengths = value.dims.slice(before.length);
  const none = { base: 0, coef: (frame.loops[0] ?? frame.folds[0])!.coef.map(() => 0) };
  // a read adds registers to two coordinates: the axes before the last become one
  const rest = lengths.slice(0, -1);
  if (rest.length === 0) return frame.readMoved(value, [...before, none], [{ dim: before.length, by: places[0]! }]);
  const inside = rest.map((length, i) => ult(places[i]!, int(length))).reduce(and);
  const flat = rest.slice(1).reduce((at, length, i) => iadd(imul(at, int(length)), places[i + 1]!), places[0]!);
  const row = rest.length === 1 ? flat : select(inside, flat, int(-1));
  return frame.readMoved(
    view(value, [...value.dims.slice(0, before.length), elementsOf(rest), lengths.at(-1)!]),
    [...before, none, none],
    [
      { dim: before.length, by: row },
      { dim: before.length + 1, by: places.at(-1)! },
    ],
  );
}
