// The inner loops of dot folds alone, beside a sum of Math.fround.
import { OPERAND_CLASSES, type OperandClass, type Random, randomFrom, wordOfClass } from "@opengradient/program/random";
import type { Case } from "./case.ts";
import { bitsOf, numberOf } from "./f32.ts";

export const DOT_HARNESS = "test/arbiter/DotHarness.sol";

/** A left and a right side. */
export type Row = readonly [left: readonly number[], right: readonly number[]];

const dot = (acc: number, [p, q]: Row): number =>
  bitsOf(p.reduce((sum, a, i) => Math.fround(sum + Math.fround(numberOf(a) * numberOf(q[i] ?? 0))), numberOf(acc)));

const hex = (x: number): string => (x >>> 0).toString(16);

/** Rows of one length, each begun at `acc`. */
export function rowsCase(name: string, acc: number, rows: readonly Row[]): Case {
  const n = rows[0]?.[0].length ?? 0;
  const data = Buffer.alloc(rows.length * n * 8);
  rows.flat().forEach((row, i) => {
    row.forEach((word, j) => data.writeUInt32LE(word >>> 0, 4 * (i * n + j)));
  });
  const wants = rows.map((row) => dot(acc, row));
  return {
    name,
    source: DOT_HARNESS,
    call: "f32",
    args: [BigInt(acc >>> 0), BigInt(n), `0x${data.toString("hex")}`],
    fault(answer) {
      if (!Array.isArray(answer)) return String(answer);
      const ends = answer[0] as readonly bigint[];
      const i = wants.findIndex((want, at) => ends[at] !== BigInt(want));
      if (i < 0) return undefined;
      const row = rows[i]![0].map((a, j) => `${hex(a)}*${hex(rows[i]![1][j]!)}`).slice(0, 40);
      return `${hex(acc)} + ${row} = ${hex(wants[i]!)}, not ${ends[i]?.toString(16)}`;
    },
  };
}

/** f32 words whose exponents lie between two bounds. */
const exponent = (random: Random, low: number, high: number): number =>
  (random.word() & 0x807fffff) | (random.between(low, high) << 23);

/** Words that drive the accumulator to and fro over the whole range of f32, cancellations and overflows included. */
type Kind = OperandClass | "swing" | "tiny" | "huge" | "cancel";
const KINDS: readonly Kind[] = [...OPERAND_CLASSES, "swing", "tiny", "huge", "cancel"];
const FINITE: readonly Kind[] = ["unit", "normal", "zero", "denormal", "small", "swing", "tiny", "huge", "cancel"];
const SWINGS = [
  [1, 5],
  [60, 70],
  [120, 134],
  [186, 196],
  [250, 254],
] as const;

function wordOf(random: Random, kind: Kind): number {
  if (kind === "swing") {
    const [low, high] = random.pick(SWINGS);
    return exponent(random, low, high);
  }
  if (kind === "tiny") return exponent(random, 0, 75);
  if (kind === "huge") return exponent(random, 180, 254);
  return wordOfClass(random, kind === "cancel" ? "unit" : kind);
}

function rowOf(random: Random, n: number, kinds: readonly Kind[]): Row {
  const [p, q]: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i++) {
    const kind = random.pick(kinds);
    const back = kind === "cancel" && i > 0 ? random.below(i) : undefined;
    p.push(back === undefined ? wordOf(random, kind) : (p[back] ?? 0) ^ 0x80000000);
    q.push(back === undefined ? wordOf(random, random.pick(kinds)) : (q[back] ?? 0) ^ random.below(2));
  }
  return [p, q];
}

/** Batches of 200 short rows of every kind of operand, from every kind of accumulator. */
export function* shortRowCases(batches: number): Generator<Case> {
  const random = randomFrom(7);
  for (let batch = 0; batch < batches; batch++) {
    const acc =
      batch % 3
        ? wordOf(random, random.pick(KINDS))
        : random.pick([0, 0x80000000, 0x7f7fffff, 0xff800000, 0x7f800001, 1]);
    const n = random.between(1, 24);
    const kinds = random.oneIn(2) ? FINITE : KINDS;
    const chosen = [random.pick(kinds), random.pick(kinds), random.pick(kinds), "cancel" as const];
    const rows = Array.from({ length: 200 }, () => rowOf(random, n, chosen));
    yield rowsCase(`short rows ${batch}`, acc, rows);
  }
}

/** Products at the edge of overflow and of vanishing, beside ±∞, −0 and finite sums. */
export function* edgeRowCases(): Generator<Case> {
  const random = randomFrom(17);
  // mantissas all ones, all zeros, or anything; exponents that add up to the edge
  const mantissa = () => random.pick([0, 1, 0x7fffff, 0x7ffffe, 0x3504f3, 0x3504f4, random.word() & 0x7fffff]);
  const edge = (sums: readonly number[]): [number, number] => {
    const sum = random.pick(sums);
    const low = random.between(Math.max(0, sum - 254), Math.min(254, sum));
    const sign = () => (random.oneIn(2) ? 0x80000000 : 0);
    // or a product of mantissas just below a power of two, where it may be rounded up to it
    const below = random.oneIn(3);
    const m = below ? random.word() & 0x7fffff : mantissa();
    const n = below ? Math.floor(2 ** 47 / (m + 2 ** 23)) & 0x7fffff : mantissa();
    return [sign() | (low << 23) | m, sign() | ((sum - low) << 23) | n];
  };
  const against = (acc: number, [a, b]: [number, number]): [number, number] =>
    random.oneIn(12) || ((a ^ b ^ acc) & 0x80000000) === 0 ? [a, b] : [a ^ 0x80000000, b];
  for (const acc of [0x7f800000, 0xff800000, 0x80000000, 0, 0x3f800000, 0xff7fffff])
    for (let batch = 0; batch < 5; batch++) {
      const sums = acc === 0x80000000 ? [99, 100, 101, 102, 103, 104] : [379, 380, 381, 382, 383, 508];
      const rows = Array.from({ length: 200 }, (): Row => {
        const row = Array.from({ length: [8, 1, 3][batch % 3]! }, () => against(acc, edge(sums)));
        return [row.map(([a]) => a), row.map(([, b]) => b)];
      });
      yield rowsCase(`rows at the edge ${batch}`, acc, rows);
    }
  // Added to the lowest finite sum as 2^128 such a product would leave a finite one.
  const rounded = Array.from({ length: 200 }, (): Row => {
    const [a, b] = edge([381]);
    return [[a & 0x7fffffff], [b & 0x7fffffff]];
  });
  yield rowsCase("rounded to infinity", 0xff7fffff, rounded);
}

/** A row of 256 pairs for each way that a multiply-accumulate can go; the name says which. */
export function* longRowCases(): Generator<Case> {
  const random = randomFrom(11);
  const word = (low: number, high: number) => exponent(random, low, high);
  const fill = (f: (i: number) => number) => Array.from({ length: 256 }, (_, i) => f(i));
  const table: Record<string, [number, Row]> = {
    ordinary: [0, [fill(() => word(120, 130)), fill(() => word(120, 130))]],
    "half zero": [0, [fill((i) => (i % 2 ? 0 : word(120, 130))), fill(() => word(120, 130))]],
    denormal: [0, [fill(() => word(0, 0)), fill(() => word(120, 150))]],
    "denormal products": [0, [fill(() => word(40, 60)), fill(() => word(50, 70))]],
    "denormal times denormal": [1, [fill(() => word(0, 0)), fill(() => word(0, 0))]],
    "large and tiny": [
      0,
      [fill((i) => word(i % 2 ? 250 : 20, i % 2 ? 252 : 40)), fill((i) => word(i % 2 ? 100 : 30, i % 2 ? 120 : 60))],
    ],
    "to and fro": [0, [fill((i) => (i % 2 ? 0xf0800000 : 0x70800000)), fill(() => 0x3f800000)]],
    "top of the range": [0x7f000000, [fill((i) => (i % 2 ? 0xfe800001 : 0x7e800001)), fill(() => 0x3f800000)]],
    "products at the top": [0, [fill((i) => (i % 2 ? 0xfe800001 : 0x7e800001)), fill(() => 0x3fc00000)]],
    "coarse and tiny products": [0x7f000000, [fill(() => word(20, 40)), fill(() => word(30, 60))]],
    "negative zeros": [0x80000000, [fill(() => 0x80000000), fill(() => 0x3f800000)]],
    "negative zeros by underflow": [0x80000000, [fill(() => 0x80000001), fill(() => 1)]],
    "infinite accumulator": [0x7f800000, [fill(() => word(120, 130)), fill(() => word(120, 130))]],
    "infinite operands": [0x7f800000, [fill(() => 0x7f800000), fill(() => word(120, 130) & 0x7fffffff)]],
    "infinity in between": [0, [fill((i) => (i === 9 ? 0x7f800000 : word(120, 130))), fill(() => word(120, 130))]],
    NaN: [0x7f800001, [fill(() => 0x7f800000), fill(() => 0x7f800001)]],
  };
  for (const [name, [acc, row]] of Object.entries(table)) yield withGas(rowsCase(name, acc, [row]), name);
}

/** The rate of cost.md is 800; what is above it is far below what a row is allowed. */
function withGas(question: Case, name: string): Case {
  const most = 256 * (name === "ordinary" ? 620 : 810);
  return {
    ...question,
    fault(answer) {
      const fault = question.fault(answer);
      if (fault !== undefined || process.env["HARDHAT_COVERAGE"]) return fault;
      const gas = (answer as bigint[])[1]!;
      return gas > most ? `${gas} gas, at most ${most}` : undefined;
    },
  };
}

const SIGNS = [
  [false, false],
  [true, false],
  [true, true],
] as const;

/** Sums of products of bytes, signed or not, of every length. */
export function* byteCases(): Generator<Case> {
  const random = randomFrom(5);
  for (let n = 1; n < 150; n += n < 70 ? 1 : 13) {
    const bytes = () =>
      Uint8Array.from({ length: n + 40 }, () => random.pick([0, 127, 128, 255, random.below(256)])).subarray(0, n);
    const [p, q] = [bytes(), bytes()];
    for (const [signedP, signedQ] of SIGNS) yield bytesCase(p, q, signedP, signedQ);
  }
}

function bytesCase(p: Uint8Array, q: Uint8Array, signedP: boolean, signedQ: boolean): Case {
  const n = p.length;
  const flip = (signed: boolean) => (signed ? BigInt(`0x${"80".repeat(32)}`) : 0n);
  const read = (x: Uint8Array, signed: boolean, i: number) => x[i]! ^ (signed ? 128 : 0);
  let want: readonly [products: number, left: number, right: number] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [a, b] = [read(p, signedP, i), read(q, signedQ, i)];
    want = [want[0] + a * b, want[1] + a, want[2] + b];
  }
  return {
    name: `${n} bytes`,
    source: DOT_HARNESS,
    call: "i8",
    args: [
      BigInt(n),
      flip(signedP),
      flip(signedQ),
      `0x${Buffer.concat([Buffer.from(p), Buffer.from(q)]).toString("hex")}ffffffff`,
    ],
    fault(answer) {
      if (!Array.isArray(answer)) return String(answer);
      const [products, left, right, gas] = answer.map(Number);
      if (String([products, left, right]) !== String(want)) return `${[products, left, right]}, not ${want}`;
      const dear = n > 100 && !process.env["HARDHAT_COVERAGE"] && gas! >= 25 * n;
      return dear ? `${gas} gas for ${n} pairs` : undefined;
    },
  };
}
