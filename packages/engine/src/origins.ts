/** What a transposing copy was made of: a factor that is packed anyway is packed from there, and the copy only serves the trace. */
import { type Affine, type Box, FIRST_CONSTANT, isUnchecked, type Lowered, type Read, type Source } from "./lower.ts";

/** What a read of a result means in the source of the copy that wrote it; undefined where that is no copy, or no affine read. */
export type Origins = (read: Read, source: Source, extents: readonly number[]) => Origin | undefined;
export type Origin = { readonly source: Source; readonly box: Box };

/** The read of a map that only moves 4-byte words, without checks. */
export function movedRead(k: Lowered): Read | undefined {
  const [first] = k.done;
  const isCopy = k.done.length === 1 && first![0] === 0 && k.results[0] === FIRST_CONSTANT + k.constants.length;
  if (!isCopy || k.folds.length > 0 || k.sliced || k.outType > 1) return undefined;
  const read = k.outer[first![1]]!;
  return isUnchecked(read) && read.dtype < 2 ? read : undefined;
}

/** The loop of the copy that an index walks by itself, and how many of that loop's indices it takes at once. */
function digitOf(
  copy: Lowered,
  coef: number,
  extent: number,
): { readonly loop: number; readonly by: number } | undefined {
  const loop = copy.out.coef.findIndex((stride) => coef >= stride && coef % stride === 0);
  if (loop < 0) return undefined;
  const by = coef / copy.out.coef[loop]!;
  return by * (extent - 1) < copy.loops[loop]! ? { loop, by } : undefined;
}

function addressIn(copy: Lowered, moved: Affine, address: Affine, extents: readonly number[]): Affine | undefined {
  if (address.base !== 0) return undefined;
  const taken = new Set<number>();
  const coef: number[] = [];
  for (const [i, move] of address.coef.entries()) {
    const digit = move === 0 ? undefined : digitOf(copy, move, extents[i]!);
    if (move !== 0 && (!digit || taken.has(digit.loop))) return undefined;
    if (digit) taken.add(digit.loop);
    coef.push(digit ? digit.by * moved.coef[digit.loop]! : 0);
  }
  return { base: moved.base, coef };
}

export function originsOf(kernels: readonly Lowered[]): Origins {
  return (read, source, extents) => {
    const copy = source.kind === "result" ? kernels[source.index]! : undefined;
    const moved = copy && movedRead(copy);
    if (!moved?.box || !isUnchecked(read) || read.dtype > 1) return undefined;
    const form = addressIn(copy!, moved.address, read.address, extents);
    if (!form) return undefined;
    const { length } = moved.box;
    const box: Box = { ...moved.box, slot: 0, sides: [{ form, extent: length, stride: 1, operand: 0 }] };
    return { source: copy!.sources[moved.slot]!, box };
  };
}
