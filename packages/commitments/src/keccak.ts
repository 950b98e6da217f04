import { FIRST_FREE, keccakModule, RATE, ROUND_CONSTANTS, roundConstants, STATE } from "./keccakModule.ts";

/** 32 bytes. */
export type Hash = Uint8Array;
/** n hashes one after the other: 32·n bytes. */
export type HashList = Uint8Array;

/** Bytes that are hashed in one go: 1,024 leaves. */
export const CHUNK = 1 << 18;
const SOURCE = FIRST_FREE;
const OUT = SOURCE + CHUNK + 512;

type Records = (source: number, out: number, pairs: number) => void;

const memory = new WebAssembly.Memory({ initial: Math.ceil((OUT + CHUNK) / 65536) });
const instance = new WebAssembly.Instance(new WebAssembly.Module(keccakModule()), { env: { memory } });
const wasm = instance.exports as unknown as { absorb: (block: number) => void; leaves: Records; nodes: Records };
const bytes = new Uint8Array(memory.buffer);
const words = new DataView(memory.buffer);
for (const [i, constant] of roundConstants().entries()) words.setBigUint64(ROUND_CONSTANTS + 8 * i, constant, true);

/** keccak256 of the concatenation of `parts`. */
export function keccak(...parts: readonly Uint8Array[]): Hash {
  bytes.fill(0, STATE, STATE + 400);
  let filled = 0;
  for (const part of parts)
    for (let at = 0; at < part.length; ) {
      const piece = part.subarray(at, at + RATE - filled);
      bytes.set(piece, SOURCE + filled);
      at += piece.length;
      filled += piece.length;
      if (filled === RATE) {
        wasm.absorb(SOURCE);
        filled = 0;
      }
    }
  bytes.fill(0, SOURCE + filled, SOURCE + RATE);
  bytes[SOURCE + filled]! |= 0x01;
  bytes[SOURCE + RATE - 1]! |= 0x80;
  wasm.absorb(SOURCE);
  const hash = new Uint8Array(32);
  // lane 0 of the first four state words
  for (let i = 0; i < 32; i++) hash[i] = bytes[STATE + 16 * (i >> 3) + (i & 7)]!;
  return hash;
}

function hashRecords(hash: Records, data: Uint8Array, width: 64 | 256): HashList {
  const count = Math.ceil(data.length / width);
  const out = new Uint8Array(32 * count);
  for (let first = 0; first < count; first += CHUNK / width) {
    const part = data.subarray(first * width, first * width + CHUNK);
    const records = Math.ceil(part.length / width);
    bytes.set(part, SOURCE);
    bytes.fill(0, SOURCE + part.length, SOURCE + records * width);
    hash(SOURCE, OUT, Math.ceil(records / 2));
    out.set(bytes.subarray(OUT, OUT + 32 * records), 32 * first);
  }
  return out;
}

/** From `count` hashes at OUT the root of the tree over them, at OUT. */
function foldInPlace(count: number): void {
  for (let left = count; left > 1; left = Math.ceil(left / 2)) {
    const records = left >> 1;
    // an odd number of records hashes one too many, into where the odd hash goes next
    wasm.nodes(OUT, OUT, (records + 1) >> 1);
    if (left % 2 === 1) bytes.copyWithin(OUT + 32 * records, OUT + 32 * (left - 1), OUT + 32 * left);
  }
}

/** The roots over each 1,024 leaves of packed data: a level of the tree over all of them. */
export function subtreeRoots(data: Uint8Array): HashList {
  const out = new Uint8Array(32 * Math.ceil(data.length / CHUNK));
  for (let i = 0; 32 * i < out.length; i++) {
    const part = data.subarray(CHUNK * i, CHUNK * (i + 1));
    const leaves = Math.ceil(part.length / 256);
    bytes.set(part, SOURCE);
    bytes.fill(0, SOURCE + part.length, SOURCE + 256 * leaves);
    wasm.leaves(SOURCE, OUT, (leaves + 1) >> 1);
    foldInPlace(leaves);
    out.set(bytes.subarray(OUT, OUT + 32), 32 * i);
  }
  return out;
}

/** H(0 ‖ record) of each 256-byte record; the last is filled with zeros. */
export const hashLeaves = (data: Uint8Array): HashList => hashRecords(wasm.leaves, data, 256);

/** H(1 ‖ left ‖ right) of each pair; `pairs` holds 64·n bytes. */
export const hashNodes = (pairs: Uint8Array): HashList => hashRecords(wasm.nodes, pairs, 64);

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
