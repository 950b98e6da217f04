/** Writes protobuf fields, for files that are made from files. */
import type { Field } from "../wire.ts";

const varint = (value: bigint): number[] => {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  return [...out, Number(rest)];
};

/** Bytes in pieces, so that weights are copied once. */
export type Pieces = readonly Uint8Array[];

const key = (number: number, wire: number): number[] => varint(BigInt(8 * number + wire));

export const whole = (number: number, value: number): Pieces => [
  Uint8Array.from([...key(number, 0), ...varint(BigInt(value))]),
];

/** A length-delimited field: bytes, or a message of fields. */
export function enclosed(number: number, content: Pieces): Pieces {
  const length = content.reduce((sum, piece) => sum + piece.length, 0);
  return [Uint8Array.from([...key(number, 2), ...varint(BigInt(length))]), ...content];
}

export const text = (number: number, value: string): Pieces => enclosed(number, [new TextEncoder().encode(value)]);

/** A field as it was read. */
export function again({ number, wire, value, bytes }: Field): Pieces {
  if (wire === 2) return enclosed(number, [bytes]);
  if (wire === 0) return [Uint8Array.from([...key(number, 0), ...varint(value)])];
  const fixed = Array.from({ length: wire === 1 ? 8 : 4 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
  return [Uint8Array.from([...key(number, wire), ...fixed])];
}

export function joined(pieces: Pieces): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
