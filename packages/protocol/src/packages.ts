import { concatBytes, fromHex, hashTensor, listRoot, toHex } from "@opengradient/commitments";
import type { Hex } from "viem";
import { inputSide, outputSide } from "./sides.ts";

/** A tensor as it travels: raw little-endian elements. dtype 0 f32, 1 i32, 2 i8, 3 u8. */
export type WireTensor = { readonly dtype: 0 | 1 | 2 | 3; readonly dims: readonly number[]; readonly data: Uint8Array };

/** One side of a claim with what hides it: what a requester uploads, what an operator serves. */
export type Package = { readonly salt: Hex; readonly tensors: readonly WireTensor[] };

/** Bytes that are no package, or not the one that was asked for. */
export class PackageError extends Error {
  override readonly name = "PackageError";
}

const widths = [4, 4, 1, 1] as const;
const MOST_TENSORS = 256;
const MOST_RANK = 8;

const u32 = (value: number): Uint8Array => {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
};

/** `salt ‖ u32 count ‖ (u8 dtype ‖ u8 rank ‖ u32 dim × rank ‖ data) × count`, integers big-endian. */
export function encodePackage({ salt, tensors }: Package): Uint8Array {
  const parts = tensors.map(({ dtype, dims, data }) =>
    concatBytes([Uint8Array.of(dtype, dims.length), ...dims.map(u32), data]),
  );
  return concatBytes([fromHex(salt, 32), u32(tensors.length), ...parts]);
}

/** @throws PackageError if the bytes are not exactly one package */
export function decodePackage(bytes: Uint8Array): Package {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (length: number): number => {
    if (at + length > bytes.length)
      throw new PackageError(`the package ends after ${bytes.length} bytes, in the middle`);
    at += length;
    return at - length;
  };
  const salt = toHex(bytes.subarray(take(32), 32));
  const count = view.getUint32(take(4));
  if (count > MOST_TENSORS) throw new PackageError(`a package has at most ${MOST_TENSORS} tensors, this one ${count}`);
  const tensors = Array.from({ length: count }, (): WireTensor => {
    const dtype = view.getUint8(take(1));
    const rank = view.getUint8(take(1));
    if (dtype > 3 || rank > MOST_RANK) throw new PackageError(`no tensor has dtype ${dtype} and rank ${rank}`);
    const dims = Array.from({ length: rank }, () => view.getUint32(take(4)));
    const length = dims.reduce((all, dim) => all * dim, 1) * widths[dtype as 0 | 1 | 2 | 3];
    const start = take(length);
    return { dtype: dtype as 0 | 1 | 2 | 3, dims, data: bytes.slice(start, start + length) };
  });
  if (at !== bytes.length) throw new PackageError(`${bytes.length - at} bytes follow the package`);
  return { salt, tensors };
}

/** inputRoot or outputRoot of a package's tensors. */
export const packageRoot = (tensors: readonly WireTensor[]): Hex =>
  toHex(
    listRoot(
      concatBytes(
        tensors.map(({ dtype, dims, data }) =>
          hashTensor(
            dtype,
            dims.reduce((all, dim) => all * dim, 1),
            data,
          ),
        ),
      ),
    ),
  );

/** What the claim's `input` is for this package. */
export const packageInput = ({ salt, tensors }: Package): Hex => inputSide(salt, packageRoot(tensors));

/** What the claim's `output` is for this package. */
export const packageOutput = ({ salt, tensors }: Package): Hex => outputSide(salt, packageRoot(tensors));
