/**
 * Keccak-f[1600] as a WebAssembly module, written byte by byte: two states at once in the halves of 128-bit lanes.
 * Exports `absorb(block)`, `leaves(source, out, pairs)` and `nodes(source, out, pairs)`. The latter two hash packed records of
 * 256 (tag 0) or 64 bytes (tag 1), two at a time, in one call, so that the cost of crossing into WebAssembly vanishes.
 */

/** Addresses in the module's memory. */
export const ROUND_CONSTANTS = 0;
export const STATE = 256;
/** State word i: lane 0 at STATE + 16 i, lane 1 eight bytes on. */
export const FIRST_FREE = 1024;

export const RATE = 136;

const I32 = 0x7f;
const V128 = 0x7b;
const WORDS = 25;

const simd = (op: number): number[] => [0xfd, ...leb(op)];
const get = (local: number): number[] => [0x20, ...leb(local)];
const set = (local: number): number[] => [0x21, ...leb(local)];
const tee = (local: number): number[] => [0x22, ...leb(local)];
const i32 = (value: number): number[] => [0x41, ...sleb(BigInt(value))];
const i64 = (value: bigint): number[] => [0x42, ...sleb(BigInt.asIntN(64, value))];
const load64 = (offset: number): number[] => [0x29, 0, ...leb(offset)];
const load8 = (offset: number): number[] => [0x31, 0, ...leb(offset)];
const loadVector = (offset: number): number[] => [...simd(0x00), 4, ...leb(offset)];
const storeVector = (offset: number): number[] => [...simd(0x0b), 4, ...leb(offset)];
const XOR = simd(0x51);
const OR = simd(0x50);
const AND_NOT = simd(0x4f);

function leb(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
  return out;
}

function sleb(value: bigint): number[] {
  const out: number[] = [];
  let rest = value;
  for (;;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && !(byte & 0x40)) || (rest === -1n && byte & 0x40);
    out.push(done ? byte : byte | 0x80);
    if (done) return out;
  }
}

const section = (id: number, items: readonly (readonly number[])[]): number[] => {
  const body = [...leb(items.length), ...items.flat()];
  return [id, ...leb(body.length), ...body];
};

const named = (name: string): number[] => [...leb(name.length), ...new TextEncoder().encode(name)];

const body = (locals: readonly number[][], code: readonly number[]): number[] => {
  const bytes = [...leb(locals.length), ...locals.flat(), ...code, 0x0b];
  return [...leb(bytes.length), ...bytes];
};

const rotate = (scratch: number, count: number): number[] =>
  count === 0
    ? []
    : [...tee(scratch), ...i32(count), ...simd(0xcb), ...get(scratch), ...i32(64 - count), ...simd(0xcd), ...OR];

function rotations(): number[] {
  const counts = new Array<number>(WORDS).fill(0);
  let [x, y] = [1, 0];
  for (let t = 0; t < 24; t++) {
    counts[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return counts;
}

/** One round on locals: a = 1…25 the state, c = 26…30 column parities, b = 31…55 after rho and pi, 56 scratch; 0 the round. */
function round(): number[] {
  const a = (i: number): number => 1 + i;
  const c = (i: number): number => 26 + (i % 5);
  const b = (i: number): number => 31 + i;
  const scratch = 56;
  const counts = rotations();
  const code: number[] = [];
  for (let x = 0; x < 5; x++) {
    code.push(...get(a(x)));
    for (let y = 1; y < 5; y++) code.push(...get(a(x + 5 * y)), ...XOR);
    code.push(...set(c(x)));
  }
  for (let x = 0; x < 5; x++) {
    const theta = 57;
    code.push(...get(c(x + 1)), ...rotate(scratch, 1), ...get(c(x + 4)), ...XOR, ...set(theta));
    for (let y = 0; y < 5; y++) {
      const target = y + 5 * ((2 * x + 3 * y) % 5);
      code.push(...get(a(x + 5 * y)), ...get(theta), ...XOR, ...rotate(scratch, counts[x + 5 * y]!), ...set(b(target)));
    }
  }
  for (let y = 0; y < 5; y++)
    for (let x = 0; x < 5; x++) {
      const row = (i: number): number => b((i % 5) + 5 * y);
      code.push(...get(row(x)), ...get(row(x + 2)), ...get(row(x + 1)), ...AND_NOT, ...XOR, ...set(a(x + 5 * y)));
    }
  // iota: the round constant, the same for both lanes
  return [...code, ...get(a(0)), ...get(0), ...simd(0x0a), 3, ...leb(ROUND_CONSTANTS), ...XOR, ...set(a(0))];
}

function permute(): number[] {
  const words = Array.from({ length: WORDS }, (_, i) => i);
  const code = [
    ...words.flatMap((i) => [...i32(STATE), ...loadVector(16 * i), ...set(1 + i)]),
    ...[0x03, 0x40],
    ...round(),
    ...[...get(0), ...i32(8), 0x6a, ...tee(0), ...i32(24 * 8), 0x49, 0x0d, 0, 0x0b],
    ...words.flatMap((i) => [...i32(STATE), ...get(1 + i), ...storeVector(16 * i)]),
  ];
  return body(
    [
      [1, I32],
      [57, V128],
    ],
    code,
  );
}

/** Adds the block at parameter 0 to both states and permutes. */
function absorb(): number[] {
  const code: number[] = [];
  for (let i = 0; i < RATE / 8; i++) {
    code.push(...i32(STATE), ...get(0), ...simd(0x0a), 0, ...leb(8 * i));
    code.push(...i32(STATE), ...loadVector(16 * i), ...XOR, ...storeVector(16 * i));
  }
  return body([], [...code, 0x10, 0]);
}

/** Word w of the padded message `tag ‖ record` of the record whose address is on the stack. */
function messageWord(w: number, width: number, tag: number): number[] {
  if (w === 0) return [...load64(0), ...i64(8n), 0x86, ...i64(BigInt(tag)), 0x84];
  if (w < width / 8) return load64(8 * w - 1);
  if (w === width / 8) return [...load8(width - 1), ...i64(0x100n), 0x84];
  throw new RangeError(`word ${w} holds no data`);
}

/** Hashes `pairs` (parameter 2) pairs of records at parameter 0 to parameter 1. */
function hashRecords(width: number, tag: number): number[] {
  const blocks = Math.floor((width + 1) / RATE) + 1;
  const last = (RATE / 8) * blocks - 1;
  const code: number[] = [];
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < WORDS; i++) {
      const w = (RATE / 8) * block + i;
      const hasWord = i < RATE / 8;
      code.push(...i32(STATE));
      if (hasWord && w <= width / 8) {
        const word = messageWord(w, width, tag);
        const second = [...get(0), ...i32(width), 0x6a];
        code.push(...get(0), ...word, ...simd(0x12), ...second, ...word, ...simd(0x1e), 1);
      } else code.push(...i64(hasWord && w === last ? 1n << 63n : 0n), ...simd(0x12));
      if (block > 0) code.push(...i32(STATE), ...loadVector(16 * i), ...XOR);
      code.push(...storeVector(16 * i));
    }
    code.push(0x10, 0);
  }
  for (let i = 0; i < 4; i++)
    for (let lane = 0; lane < 2; lane++)
      code.push(...get(1), ...i32(STATE), ...load64(16 * i + 8 * lane), 0x37, 0, ...leb(8 * i + 32 * lane));
  const advance = (local: number, by: number): number[] => [...get(local), ...i32(by), 0x6a, ...set(local)];
  code.push(...advance(0, 2 * width), ...advance(1, 64), ...get(2), ...i32(1), 0x6b, ...tee(2), 0x0d, 0);
  return body([], [0x03, 0x40, ...code, 0x0b]);
}

/** The module; it imports its memory as `env.memory`. */
export function keccakModule(): Uint8Array<ArrayBuffer> {
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [
      [0x60, 0, 0],
      [0x60, 1, I32, 0],
      [0x60, 3, I32, I32, I32, 0],
    ]),
    ...section(2, [[...named("env"), ...named("memory"), 2, 0, 1]]),
    ...section(3, [[0], [1], [2], [2]]),
    ...section(7, [
      [...named("absorb"), 0, 1],
      [...named("leaves"), 0, 2],
      [...named("nodes"), 0, 3],
    ]),
    ...section(10, [permute(), absorb(), hashRecords(256, 0), hashRecords(64, 1)]),
  ]);
}

/** The 24 round constants, from the degree-8 LFSR of FIPS 202. */
export function roundConstants(): bigint[] {
  let lfsr = 1;
  const bit = (): boolean => {
    const out = (lfsr & 1) === 1;
    lfsr = lfsr & 0x80 ? ((lfsr << 1) ^ 0x171) & 0xff : lfsr << 1;
    return out;
  };
  return Array.from({ length: 24 }, () => {
    let constant = 0n;
    for (let j = 0; j < 7; j++) if (bit()) constant |= 1n << BigInt((1 << j) - 1);
    return constant;
  });
}
