/** Packed little-endian elements. All moves are of integers, so no NaN payload is lost. */
import { TensorError } from "./errors.ts";
import { DTYPE, DTYPE_NAMES, elementsOf, widthOf } from "./kernel.ts";
import type { Dtype, Tensor, TensorInfo } from "./types.ts";

export const allocateTensor = (dtype: Dtype, elements: number): Uint8Array => new Uint8Array(elements * widthOf(dtype));

/** An element, widened to a signed 32-bit integer. */
export function readElement(data: Uint8Array, dtype: Dtype, index: number): number {
  if (dtype === DTYPE.u8) return data[index]!;
  if (dtype === DTYPE.i8) return (data[index]! << 24) >> 24;
  const at = 4 * index;
  return data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
}

/** Stores a word, narrowed: i8 and u8 keep the low byte. */
export function writeElement(data: Uint8Array, dtype: Dtype, index: number, word: number): void {
  const width = widthOf(dtype);
  for (let i = 0; i < width; i++) data[width * index + i] = (word >>> (8 * i)) & 0xff;
}

/** A word as it reads back after a store. */
export function narrow(dtype: Dtype, word: number): number {
  if (dtype === DTYPE.u8) return word & 0xff;
  return dtype === DTYPE.i8 ? (word << 24) >> 24 : word | 0;
}

/** @throws TensorError unless each tensor has the dtype, elements and data length that the header says, in order. */
export function checkTensors(name: string, expected: readonly TensorInfo[], given: readonly Tensor[]): void {
  if (expected.length !== given.length)
    throw new TensorError(`${name}s`, `the Program has ${expected.length}, ${given.length} are given`);
  for (const [i, info] of expected.entries()) {
    const tensor = given[i]!;
    const place = `${name} ${i}`;
    if (tensor.dtype !== info.dtype)
      throw new TensorError(place, `it must be ${DTYPE_NAMES[info.dtype]} and is ${DTYPE_NAMES[tensor.dtype]}`);
    if (elementsOf(tensor) !== elementsOf(info))
      throw new TensorError(place, `it must have dims [${info.dims}] and has [${tensor.dims}]`);
    const bytes = elementsOf(info) * widthOf(info.dtype);
    if (tensor.data.length !== bytes)
      throw new TensorError(place, `its data must have ${bytes} bytes and has ${tensor.data.length}`);
  }
}
