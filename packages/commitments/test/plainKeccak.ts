/** keccak256 as FIPS 202 words it, on 5×5 lanes of BigInt: slow, and independent of the module under test. */

const MASK = (1n << 64n) - 1n;
const rotate = (x: bigint, n: number): bigint => ((x << BigInt(n % 64)) | (x >> BigInt((64 - n) % 64))) & MASK;

const CONSTANTS = [
  0x1n,
  0x8082n,
  0x800000000000808an,
  0x8000000080008000n,
  0x808bn,
  0x80000001n,
  0x8000000080008081n,
  0x8000000000008009n,
  0x8an,
  0x88n,
  0x80008009n,
  0x8000000an,
  0x8000808bn,
  0x800000000000008bn,
  0x8000000000008089n,
  0x8000000000008003n,
  0x8000000000008002n,
  0x8000000000000080n,
  0x800an,
  0x800000008000000an,
  0x8000000080008081n,
  0x8000000000008080n,
  0x80000001n,
  0x8000000080008008n,
];

const OFFSETS = [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14];

function permute(state: readonly bigint[]): bigint[] {
  let a = [...state];
  for (const constant of CONSTANTS) {
    const c = [0, 1, 2, 3, 4].map((x) => a[x]! ^ a[x + 5]! ^ a[x + 10]! ^ a[x + 15]! ^ a[x + 20]!);
    const d = [0, 1, 2, 3, 4].map((x) => c[(x + 4) % 5]! ^ rotate(c[(x + 1) % 5]!, 1));
    const b = new Array<bigint>(25);
    for (let x = 0; x < 5; x++)
      for (let y = 0; y < 5; y++) b[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(a[x + 5 * y]! ^ d[x]!, OFFSETS[x + 5 * y]!);
    a = b.map((lane, i) => {
      const row = i - (i % 5);
      return lane ^ (~b[row + ((i + 1) % 5)]! & MASK & b[row + ((i + 2) % 5)]!);
    });
    a[0]! ^= constant;
  }
  return a;
}

export function plainKeccak(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array((Math.floor(message.length / 136) + 1) * 136);
  padded.set(message);
  padded[message.length]! |= 1;
  padded[padded.length - 1]! |= 0x80;
  let state = new Array<bigint>(25).fill(0n);
  for (let at = 0; at < padded.length; at += 136) {
    const block = new DataView(padded.buffer, at, 136);
    state = permute(state.map((lane, i) => (i < 17 ? lane ^ block.getBigUint64(8 * i, true) : lane)));
  }
  const out = new DataView(new ArrayBuffer(32));
  for (let i = 0; i < 4; i++) out.setBigUint64(8 * i, state[i]!, true);
  return new Uint8Array(out.buffer);
}
