import { type Access, type Coordinate, canFail, combine, product, type Tensor, widthOf } from "@opengradient/program";
import { loopStrides } from "./align.ts";

type Elements = Int32Array | Uint8Array;

/** Whether a static access is inside at all indices. */
export const neverOutside = (access: Access, extents: readonly number[]): boolean =>
  access.dynMask === 0 && !access.coordinates.some((c) => canFail(c, extents));

export type Ordered = {
  /** indices, loops then folds, that the address depends on */
  readonly used: readonly number[];
  readonly dims: readonly number[];
  /** of a tensor of `dims`, whose elements are met in that order */
  readonly coordinates: readonly Coordinate[];
  /** whether it is so as it stands */
  readonly already: boolean;
};

/** A static access as it would be to a tensor [rows][fold] of what it reads. */
export function foldOrdered(access: Access, extents: readonly number[]): Ordered {
  const move = extents.map((_, i) => Math.abs(access.coordinates.reduce((sum, c) => sum + c.coef[i]! * c.stride, 0)));
  const used = extents.flatMap((_, i) => (access.coordinates.some((c) => c.coef[i] !== 0) ? [i] : []));
  const dims = used.map((i) => extents[i]!);
  const strides = loopStrides(dims);
  const coef = extents.map((_, i) => strides[used.indexOf(i)] ?? 0);
  const coordinates = [{ base: 0, extent: product(dims), stride: 1, coef }];
  return { used, dims, coordinates, already: used.every((i, at) => move[i] === strides[at]) };
}

/** The elements that `access` reads as the `used` indices run, in that order. The access is static and never outside. */
export function gatherWeight(
  weight: Tensor,
  access: Access,
  used: readonly number[],
  extents: readonly number[],
): Tensor {
  const address = combine(
    access.coordinates.map((c) => [c.stride, c] as const),
    extents.length,
  );
  const counts = used.map((i) => extents[i]!);
  const moves = used.map((i) => address.coef[i]!);
  const data = new Uint8Array(product(counts) * widthOf(weight.dtype));
  const [from, to] = widthOf(weight.dtype) === 4 ? [asWords(weight.data), asWords(data)] : [weight.data, data];
  let next = 0;
  const run = (axis: number, at: number): void => {
    if (axis === counts.length) to[next++] = from[at]!;
    else if (axis === counts.length - 1)
      next = copyRow({ from, to, next, at, count: counts[axis]!, move: moves[axis]! });
    else for (let i = 0; i < counts[axis]!; i++) run(axis + 1, at + i * moves[axis]!);
  };
  run(0, address.base);
  // the header holds up to eight dimensions
  return { dtype: weight.dtype, dims: counts.length <= 8 ? counts : [product(counts)], data };
}

type Row = { from: Elements; to: Elements; next: number; at: number; count: number; move: number };

function copyRow({ from, to, next, at, count, move }: Row): number {
  for (let i = 0; i < count; i++) to[next + i] = from[at + i * move]!;
  return next + count;
}

/** Integers, so that no NaN payload is touched. */
function asWords(bytes: Uint8Array): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
