/** A map cut where reads go over the edge of their boxes: within each part every index is inside, or every one outside. */
import { type Affine, boxRead, type Lowered, type Read, usedIndexAxes, usedReads } from "./lower.ts";

/** A concatenation of more tensors is rather checked word by word than written out in parts. */
const MOST_PARTS = 6;

/** Indices of the axis at which a side of the read's box begins or ends. */
function cutsOf(read: Read, axis: number, extent: number): number[] {
  const sides = (read.box?.sides ?? []).filter(({ form, operand }) => {
    return operand === 0 && form.coef.every((c, i) => (i === axis ? c > 0 : c === 0));
  });
  return sides
    .flatMap(({ form, extent: end }) => [0, end].map((at) => Math.ceil((at - form.base) / form.coef[axis]!)))
    .filter((cut) => cut > 0 && cut < extent);
}

function restricted(k: Lowered, axis: number, low: number, high: number): Lowered {
  const moved = ({ base, coef }: Affine): Affine => ({ base: base + coef[axis]! * low, coef });
  const loops = k.loops.with(axis, high - low);
  const outer = k.outer.map((read) => {
    const { box } = read;
    return box
      ? boxRead({ ...box, sides: box.sides.map((side) => ({ ...side, form: moved(side.form) })) }, loops)
      : read;
  });
  return { ...k, loops, outer, out: moved(k.out) };
}

/** The map in parts along one axis, rather along the lanes; the map alone where there is nothing to cut. */
export function partsOf(k: Lowered): Lowered[] {
  if (k.folds.length > 0 || k.sliced) return [k];
  const used = usedIndexAxes(k);
  for (const axis of [...k.loops.keys()].reverse()) {
    const extent = k.loops[axis]!;
    const cuts = new Set(usedReads(k).flatMap((read) => cutsOf(read, axis, extent)));
    if (cuts.size === 0 || cuts.size >= MOST_PARTS || used.has(axis)) continue;
    const ends = [...cuts].sort((a, b) => a - b).concat(extent);
    return ends.map((end, i) => restricted(k, axis, ends[i - 1] ?? 0, end));
  }
  return [k];
}
