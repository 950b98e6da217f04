import type { Access, Coordinate, Dtype, Space } from "../types.ts";
import type { Random } from "./source.ts";
import { OPERAND_CLASSES, wordOfClass } from "./words.ts";

/** A tensor that a kernel may read. `slice`: elements of one step of a recurrent group's result. */
export type Readable = {
  readonly space: Space;
  readonly index: number;
  readonly dtype: Dtype;
  readonly length: number;
  readonly slice?: number | undefined;
};

type Axes = readonly number[];

/** Moves the base so that negative coefficients start inside, most of the time. */
function placed(random: Random, axes: Axes, coef: readonly number[]): number {
  const lowest = coef.reduce((all, c, i) => all + Math.min(0, c) * (axes[i]! - 1), 0);
  return random.pick([0, 0, 0, 0, 0, -1, 1, -2, 3]) - (random.oneIn(8) ? 0 : lowest);
}

/** One coordinate over the whole tensor, whose coefficients count some of the axes as mixed radix digits. */
function flat(random: Random, axes: Axes, length: number): Coordinate[] {
  const coef = axes.map(() => 0);
  let radix = random.pick([1, 1, 1, 2]);
  for (let i = axes.length - 1; i >= 0; i--) {
    if (random.oneIn(5) || radix * axes[i]! > 2 * length) continue;
    coef[i] = random.oneIn(8) ? -radix : radix;
    radix *= axes[i]!;
  }
  const extent = random.oneIn(6) ? random.between(1, length + 3) : length;
  return [{ base: placed(random, axes, coef), extent, stride: 1, coef }];
}

/** A row-major box inside the tensor; each coordinate follows one or two axes that mostly fit into what is left. */
function box(random: Random, axes: Axes, length: number): Coordinate[] {
  const out: Coordinate[] = [];
  let stride = length > 1_024 ? random.pick([1, 1, 64, 97, 256, 300]) : random.pick([1, 1, 1, 3]);
  for (let D = random.between(1, 5); D > 0; D--) {
    const left = Math.floor(length / stride);
    const fitting = axes.flatMap((extent, i) => (extent <= left || random.oneIn(8) ? [i] : []));
    const coef = axes.map(() => 0);
    for (let n = random.pick([0, 1, 1, 1, 2]); n > 0 && fitting.length; n--)
      coef[random.pick(fitting)] = random.pick([1, 1, 1, 2, -1]);
    const reach = coef.reduce((all, c, i) => all + Math.abs(c) * (axes[i]! - 1), 0);
    const extent = Math.max(1, Math.min(left, reach + random.pick([0, 1, 1, 1, 2])));
    out.unshift({ base: placed(random, axes, coef), extent, stride, coef });
    stride *= extent;
  }
  return out;
}

/** Anything that the rules may still allow: strides of zero, huge boxes, far bases. */
function wild(random: Random, axes: Axes): Coordinate[] {
  return Array.from({ length: random.between(1, 5) }, () => {
    const coef = axes.map(() => random.pick([0, 0, 1, -1, 2, -3, 7]));
    const extent = random.pick([1, 2, 5, 9, 64, 2 ** 29]);
    const stride = extent > 64 ? random.pick([0, 1, 1]) : random.pick([0, 1, 2, 3, 17, 64, 130, 1_024]);
    return { base: random.oneIn(12) ? -(2 ** 29) : placed(random, axes, coef), extent, stride, coef };
  });
}

/** Reads an earlier or the present slice of a recurrent result: the leading coordinate follows the first loop. */
function recurrent(random: Random, axes: Axes, length: number, slice: number): Coordinate[] {
  const time = axes.map((_, i) => (i === 0 ? 1 : 0));
  const inside = slice > 1 ? flat(random, axes, slice) : [];
  const within = inside.map((at) => ({ ...at, coef: at.coef.map((c, i) => (i === 0 ? 0 : c)) }));
  return [{ base: random.pick([0, -1, -1, -1, -2]), extent: length / slice, stride: slice, coef: time }, ...within];
}

function coordinates(random: Random, axes: Axes, source: Readable): Coordinate[] {
  if (source.slice !== undefined && !random.oneIn(4)) return recurrent(random, axes, source.length, source.slice);
  const shape = random.below(12);
  if (shape === 0) return [];
  if (shape < 6) return flat(random, axes, source.length);
  return shape < 10 ? box(random, axes, source.length) : wild(random, axes);
}

function randomMask(random: Random, D: number): number {
  if (D === 0 || !random.oneIn(4)) return 0;
  return (1 << random.below(D)) | (random.oneIn(2) ? 1 << random.below(D) : 0);
}

export function randomAccess(random: Random, axes: Axes, source: Readable): Access {
  const at = coordinates(random, axes, source);
  return {
    ...{ space: source.space, index: source.index, dtype: source.dtype, length: source.length },
    elseWord: wordOfClass(random, random.pick(["zero", "zero", ...OPERAND_CLASSES])) >>> 0,
    dynMask: randomMask(random, at.length),
    coordinates: at,
  };
}

/** Element by element, from somewhere near the start. */
export function directAccess(random: Random, axes: Axes, { space, index, dtype, length }: Readable): Access {
  const coef = axes.map((_, i) => axes.slice(i + 1).reduce((all, extent) => all * extent, 1));
  const coordinates = [{ base: random.below(30), extent: length, stride: 1, coef }];
  return { space, index, dtype, length, elseWord: wordOfClass(random, "zero") >>> 0, dynMask: 0, coordinates };
}

/** A static access whose address moves by `step` with the last axis. */
export function operandAccess(random: Random, axes: Axes, source: Readable, step: number): Access {
  const last = axes.length - 1;
  const row = axes[last]!;
  const reach = Math.abs(step) * (row - 1) + 1;
  const across = axes.map((_, i) => (i === last ? 0 : random.pick([0, 1, 1, -1])));
  const along = axes.map((_, i) => (i === last ? Math.sign(step) : random.oneIn(5) ? 1 : 0));
  const rows = Math.max(1, Math.min(12, Math.floor(source.length / reach)));
  const access = randomAccess(random, axes, source);
  const stride = Math.max(1, Math.abs(step));
  return {
    ...access,
    dynMask: 0,
    coordinates: [
      { base: placed(random, axes, across), extent: rows, stride: reach, coef: across },
      { base: placed(random, axes, along), extent: random.pick([row, row, row + 3]), stride, coef: along },
    ],
  };
}
