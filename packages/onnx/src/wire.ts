/** The protobuf wire format: https://protobuf.dev/programming-guides/encoding. Unknown fields are skipped, truncation is not. */
import { OnnxError } from "./errors.ts";

/** One field of a message; the readers below throw when its wire type is another one. */
export type Field = {
  readonly number: number;
  readonly wire: number;
  /** of the field's value, from the start of the file */
  readonly offset: number;
  /** varints and fixed-width values, zero-extended */
  readonly value: bigint;
  /** length-delimited values */
  readonly bytes: Uint8Array;
  /** "NodeProto.attribute", for messages */
  readonly path: string;
};

/** of one message */
const MAX_FIELDS = 0x200000;
/** of a list of integers outside raw data */
const MAX_LIST = 0x200000;
const NONE = new Uint8Array(0);
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const broken = (path: string, offset: number, reason: string) =>
  new OnnxError(`malformed file: ${path} at byte ${offset}: ${reason}`);

/** The fields of the message that `bytes` holds. `base` is the offset of `bytes` in the file. */
export function* fields(bytes: Uint8Array, message: string, base = 0): Generator<Field> {
  let at = 0;
  const varint = (path: string): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) throw broken(path, base + at, "ends inside a varint");
      at++;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw broken(path, base + at, "varint longer than 10 bytes");
  };
  const take = (path: string, length: bigint): Uint8Array => {
    if (length > BigInt(bytes.length - at))
      throw broken(path, base + at, `${length} bytes announced, ${bytes.length - at} left`);
    at += Number(length);
    return bytes.subarray(at - Number(length), at);
  };
  for (let count = 0; at < bytes.length; count++) {
    if (count === MAX_FIELDS) throw broken(message, base + at, `more than ${MAX_FIELDS} fields`);
    const key = varint(message);
    const number = Number(key >> 3n);
    const wire = Number(key & 7n);
    const path = `${message}.${number}`;
    if (number === 0 || number >= 0x20000000) throw broken(path, base + at, "no such field number");
    let value = 0n;
    let content: Uint8Array = NONE;
    let offset = base + at;
    if (wire === 0) value = varint(path);
    else if (wire === 1 || wire === 5) value = little(take(path, wire === 1 ? 8n : 4n));
    else if (wire === 2) {
      const length = varint(path);
      offset = base + at;
      content = take(path, length);
    } else throw broken(path, offset, `wire type ${wire} is not supported`);
    yield { number, wire, offset, value, bytes: content, path };
  }
}

function little(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

const want = (field: Field, wire: number): Field => {
  if (field.wire !== wire) throw broken(field.path, field.offset, `wire type ${field.wire}, expected ${wire}`);
  return field;
};

export const bytesOf = (field: Field): Uint8Array => want(field, 2).bytes;

/** A name; control characters, which a terminal would obey, are no part of one. */
export function textOf(field: Field): string {
  try {
    const text = decoder.decode(bytesOf(field));
    if (/\p{Cc}|\p{Bidi_Control}/u.test(text)) throw broken(field.path, field.offset, "control characters in a name");
    return text;
  } catch (cause) {
    if (cause instanceof OnnxError) throw cause;
    throw broken(field.path, field.offset, "not UTF-8");
  }
}

/** A signed 64-bit integer. */
export const bigOf = (field: Field): bigint => BigInt.asIntN(64, want(field, 0).value);

/** An integer that a number holds exactly. */
export function intOf(field: Field): number {
  const value = Number(bigOf(field));
  if (!Number.isSafeInteger(value)) throw broken(field.path, field.offset, "integer beyond 2^53");
  return value;
}

/** A repeated integer field, packed or not. */
export function* bigsOf(field: Field): Generator<bigint> {
  if (field.wire !== 2) return yield bigOf(field);
  let value = 0n;
  let shift = 0n;
  let count = 0;
  for (const byte of field.bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (shift > 70n) throw broken(field.path, field.offset, "varint longer than 10 bytes");
    if (byte >= 128) continue;
    if (++count > MAX_LIST)
      throw broken(field.path, field.offset, `more than ${MAX_LIST} integers; raw data hold more`);
    yield BigInt.asIntN(64, value);
    value = 0n;
    shift = 0n;
  }
  if (shift !== 0n) throw broken(field.path, field.offset, "ends inside a varint");
}

/** The little-endian bytes of a repeated fixed-width field of `width` 4 or 8 bytes, packed or not. */
export function fixedOf(field: Field, width: 4 | 8): Uint8Array {
  if (field.wire === 2) {
    if (field.bytes.length % width !== 0)
      throw broken(field.path, field.offset, `${field.bytes.length} bytes are no multiple of ${width}`);
    return field.bytes;
  }
  want(field, width === 4 ? 5 : 1);
  return Uint8Array.from({ length: width }, (_, i) => Number((field.value >> BigInt(8 * i)) & 255n));
}
