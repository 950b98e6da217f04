import { CommitmentError } from "./errors.ts";

export type Hex = `0x${string}`;

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function toHex(bytes: Uint8Array): Hex {
  let out = "";
  for (const byte of bytes) out += DIGITS[byte];
  return `0x${out}`;
}

/** @throws CommitmentError if `hex` is not `0x` and an even number of hexadecimal digits, or not `length` bytes. */
export function fromHex(hex: string, length?: number): Uint8Array {
  if (!/^0x([0-9a-fA-F]{2})*$/.test(hex)) throw new CommitmentError(`not a hex string of whole bytes: ${hex}`);
  const out = new Uint8Array(hex.length / 2 - 1);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(hex.slice(2 + 2 * i, 4 + 2 * i), 16);
  if (length !== undefined && out.length !== length)
    throw new CommitmentError(`expected ${length} bytes and got ${out.length}: ${hex}`);
  return out;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A 32-byte big-endian word. */
export function wordOf(value: bigint): Uint8Array {
  if (value < 0n || value >> 256n) throw new CommitmentError(`does not fit in 32 bytes: ${value}`);
  return fromHex(`0x${value.toString(16).padStart(64, "0")}`);
}
