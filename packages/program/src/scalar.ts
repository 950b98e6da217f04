/** The instructions on 32-bit words, as signed JavaScript integers. Every f32 result that is NaN is canonical. */
import { CANONICAL_NAN, OP, type OpName } from "./instructions.ts";

const words = new Int32Array(1);
const floats = new Float32Array(words.buffer);

/** The value of a word read as f32; the payload of a NaN is lost. */
export function floatOf(word: number): number {
  words[0] = word;
  return floats[0]!;
}

/** The word of a value, rounded once to nearest even. */
export function wordOfFloat(value: number): number {
  if (Number.isNaN(value)) return CANONICAL_NAN;
  floats[0] = value;
  return words[0]!;
}

const isNaNWord = (word: number): boolean => (word & 0x7fffffff) > 0x7f800000;

// One rounding: double arithmetic on two binary32 operands, rounded to binary32, is correct for + − · / and √ (53 ≥ 2·24 + 2).
const arithmetic =
  (f: (x: number, y: number) => number) =>
  (a: number, b: number): number =>
    wordOfFloat(f(floatOf(a), floatOf(b)));

const compare =
  (f: (x: number, y: number) => boolean) =>
  (a: number, b: number): number =>
    f(floatOf(a), floatOf(b)) ? 1 : 0;

function fmin(a: number, b: number): number {
  if (isNaNWord(a) || isNaNWord(b)) return CANONICAL_NAN;
  const [x, y] = [floatOf(a), floatOf(b)];
  // equal values are equal words, or zeros: the sign bit of either makes −0
  if (x === y) return a | b;
  return x < y ? a : b;
}

function fmax(a: number, b: number): number {
  if (isNaNWord(a) || isNaNWord(b)) return CANONICAL_NAN;
  const [x, y] = [floatOf(a), floatOf(b)];
  if (x === y) return a & b;
  return x > y ? a : b;
}

const INTEGRAL_FROM = 2 ** 23;

function frint(a: number): number {
  const x = floatOf(a);
  const size = Math.abs(x);
  if (size >= INTEGRAL_FROM || isNaNWord(a)) return wordOfFloat(x);
  const below = Math.floor(size);
  const rest = size - below;
  const rounded = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  return wordOfFloat(rounded) | (a & 0x80000000);
}

function f2i(a: number): number {
  if (isNaNWord(a)) return 0;
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(floatOf(a)))) | 0;
}

const unsigned =
  (f: (x: number, y: number) => number) =>
  (a: number, b: number): number =>
    f(a >>> 0, b >>> 0) | 0;

type Scalar = (a: number, b: number, c: number) => number;

const BY_NAME: Readonly<Record<Exclude<OpName, "ld">, Scalar>> = {
  fadd: arithmetic((x, y) => x + y),
  fsub: arithmetic((x, y) => x - y),
  fmul: arithmetic((x, y) => x * y),
  fdiv: arithmetic((x, y) => x / y),
  fsqrt: (a) => wordOfFloat(Math.sqrt(floatOf(a))),
  fmin,
  fmax,
  fneg: (a) => (isNaNWord(a) ? CANONICAL_NAN : a ^ 0x80000000),
  fabs: (a) => (isNaNWord(a) ? CANONICAL_NAN : a & 0x7fffffff),
  ffloor: (a) => wordOfFloat(Math.floor(floatOf(a))),
  frint,
  flt: compare((x, y) => x < y),
  fle: compare((x, y) => x <= y),
  feq: compare((x, y) => x === y),
  i2f: (a) => wordOfFloat(a),
  f2i,
  iadd: (a, b) => (a + b) | 0,
  isub: (a, b) => (a - b) | 0,
  imul: (a, b) => Math.imul(a, b),
  umulh: unsigned((x, y) => Number((BigInt(x) * BigInt(y)) >> 32n)),
  idiv: (a, b) => (b === 0 ? 0 : (a / b) | 0),
  irem: (a, b) => (b === 0 ? 0 : (a % b) | 0),
  udiv: unsigned((x, y) => (y === 0 ? 0 : Math.floor(x / y))),
  urem: unsigned((x, y) => (y === 0 ? 0 : x % y)),
  imin: (a, b) => Math.min(a, b),
  imax: (a, b) => Math.max(a, b),
  ilt: (a, b) => (a < b ? 1 : 0),
  ult: unsigned((x, y) => (x < y ? 1 : 0)),
  ieq: (a, b) => (a === b ? 1 : 0),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << b,
  sar: (a, b) => a >> b,
  shr: (a, b) => (a >>> b) | 0,
  select: (a, b, c) => (a !== 0 ? b : c),
};

/** Indexed by op; `ld` has no entry of its own: it reads tensors. */
export const SCALAR: readonly Scalar[] = [
  () => {
    throw new TypeError("ld is not a function of words");
  },
  ...(Object.keys(OP) as OpName[])
    .filter((name) => name !== "ld")
    .map((name) => BY_NAME[name as Exclude<OpName, "ld">]),
];
