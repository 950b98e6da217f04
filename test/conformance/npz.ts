/** Arrays of numbers in an .npz file: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. */
import { inflateRawSync } from "node:zlib";

export type NumpyArray = { readonly shape: readonly number[]; readonly data: readonly number[] };

const LOCAL_FILE = 0x04034b50;

export function readArrays(zip: Uint8Array): Map<string, NumpyArray> {
  const arrays = new Map<string, NumpyArray>();
  const view = new DataView(zip.buffer, zip.byteOffset, zip.length);
  for (let at = 0; view.getUint32(at, true) === LOCAL_FILE; ) {
    const packed = view.getUint16(at + 8, true) !== 0;
    const [size, name, extra] = [
      view.getUint32(at + 18, true),
      view.getUint16(at + 26, true),
      view.getUint16(at + 28, true),
    ];
    const start = at + 30 + name + extra;
    const bytes = zip.slice(start, start + size);
    const text = new TextDecoder().decode(zip.subarray(at + 30, at + 30 + name));
    arrays.set(text.replace(/\.npy$/, ""), readArray(packed ? Uint8Array.from(inflateRawSync(bytes)) : bytes));
    at = start + size;
  }
  return arrays;
}

const TYPES: Readonly<Record<string, (buffer: ArrayBuffer) => Iterable<number | bigint>>> = {
  "<f4": (buffer) => new Float32Array(buffer),
  "<f8": (buffer) => new Float64Array(buffer),
  "<i4": (buffer) => new Int32Array(buffer),
  "<i8": (buffer) => new BigInt64Array(buffer),
};

function readArray(bytes: Uint8Array): NumpyArray {
  const length = bytes[8]! + 256 * bytes[9]!;
  const header = new TextDecoder().decode(bytes.subarray(10, 10 + length));
  const [, type, shape] = /'descr': '([^']+)', 'fortran_order': False, 'shape': \(([^)]*)\)/.exec(header)!;
  const dims = shape!.split(",").flatMap((d) => (d.trim() === "" ? [] : [Number(d)]));
  const buffer = bytes.slice(10 + length).buffer;
  return { shape: dims, data: Array.from(TYPES[type!]!(buffer), Number) };
}
