import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { onEvm } from "./evm.ts";

const word = new DataView(new ArrayBuffer(4));
const number = (bits: number): number => {
  word.setUint32(0, bits);
  return word.getFloat32(0);
};
/** Every NaN becomes the canonical one. */
const bits = (x: number): number => {
  word.setFloat32(0, x);
  return Number.isNaN(x) ? 0x7fc00000 : word.getUint32(0);
};

/** To the nearest integer, halves to the even one, the sign of zero kept. */
function rint(x: number): number {
  if (!(Math.abs(x) < 2 ** 23)) return x;
  const whole = Math.fround(Math.fround(Math.abs(x) + 2 ** 23) - 2 ** 23);
  return x < 0 || Object.is(x, -0) ? -whole : whole;
}

type Operation = {
  readonly name: string;
  readonly op: number;
  readonly most: number;
  apply(a: number, b: number): number;
};
const real = (name: string, op: number, most: number, f: (a: number, b: number) => number): Operation => ({
  name,
  op,
  most,
  apply: (a, b) => bits(Math.fround(f(number(a), number(b)))),
});
const truth = (name: string, op: number, f: (a: number, b: number) => boolean): Operation => ({
  name,
  op,
  most: 250,
  apply: (a, b) => Number(f(number(a), number(b))),
});

// gas of one call through a function pointer: a little above the direct call
const operations: readonly Operation[] = [
  real("fadd", 1, 760, (a, b) => a + b),
  real("fsub", 2, 800, (a, b) => a - b),
  real("fmul", 3, 620, (a, b) => a * b),
  real("fdiv", 4, 720, (a, b) => a / b),
  real("fsqrt", 5, 620, Math.sqrt),
  real("fmin", 6, 320, (a, b) => Math.min(a, b)),
  real("fmax", 7, 320, (a, b) => Math.max(a, b)),
  { name: "fneg", op: 8, most: 170, apply: (a) => (Number.isNaN(number(a)) ? 0x7fc00000 : (a ^ 0x80000000) >>> 0) },
  real("fabs", 9, 170, Math.abs),
  real("ffloor", 10, 440, Math.floor),
  real("frint", 11, 420, rint),
  truth("flt", 12, (a, b) => a < b),
  truth("fle", 13, (a, b) => a <= b),
  truth("feq", 14, (a, b) => a === b),
  { name: "i2f", op: 15, most: 420, apply: (a) => bits(Math.fround(a | 0)) },
  {
    name: "f2i",
    op: 16,
    most: 320,
    apply: (a) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(number(a)) || 0)) >>> 0,
  },
];

const special = [
  0, 1, 2, 3, 0x3fffff, 0x400000, 0x7ffffe, 0x7fffff, 0x800000, 0x800001, 0xffffff, 0x1000000, 0x0c800000, 0x33800000,
  0x34000000, 0x3effffff, 0x3f000000, 0x3f000001, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fc00000, 0x40200000,
  0x40490fdb, 0x4affffff, 0x4b000000, 0x4b000001, 0x4b7fffff, 0x4b800000, 0x4effffff, 0x4f000000, 0x4f000001,
  0x5f800000, 0x7effffff, 0x7f000000, 0x7f7ffffe, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fffffff,
].flatMap((a) => [a, (a | 0x80000000) >>> 0]);

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let x = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  };
}

/** Raw bit patterns, pairs with near exponents, special against raw, small integers in floating point. */
function randomPairs(n: number, seed: number): number[] {
  const next = generator(seed);
  const pairs: number[] = [];
  for (let i = 0; i < n; i++) {
    let a = next();
    let b = next();
    if (i % 4 === 1)
      b = ((b & 0x807fffff) | (Math.max(0, Math.min(254, ((a >>> 23) & 255) + (next() % 51) - 25)) << 23)) >>> 0;
    if (i % 4 === 2) b = special[b % special.length] ?? 0;
    if (i % 8 === 3) [a, b] = [bits((a % 4097) / 2 - 1024), bits((b % 4097) - 2048)];
    pairs.push(a, b);
  }
  return pairs;
}

type Vector = {
  readonly op: number;
  readonly a: number;
  readonly b: number;
  readonly want: number;
  readonly line: string;
};
const symbols: Record<string, number> = { "+": 1, "-": 2, "*": 3, "/": 4, V: 5, "~": 8, A: 9, "<C": 6, ">C": 7 };
const folder = new URL("../../../shared/data/ieee754/fptest/", import.meta.url);

/** Bits of an operand in IBM's notation. */
function operand(text: string): number {
  if (text === "Q" || text === "S") return 0x7fc00000;
  const sign = text[0] === "-" ? 0x80000000 : 0;
  const rest = text.slice(1);
  if (rest === "Zero") return sign;
  if (rest === "Inf") return sign + 0x7f800000;
  const match = /^([01])\.([0-9A-F]{6})P(-?\d+)$/.exec(rest);
  if (match === null) throw new Error(`no such operand: ${text}`);
  const exponent = match[1] === "1" ? Number(match[3]) + 127 : 0;
  return sign + exponent * 2 ** 23 + Number.parseInt(match[2] ?? "", 16);
}

/** Lines rounded to nearest even, without an enabled trap, of operations that Programs have. */
function vectors(text: string): Vector[] {
  const found: Vector[] = [];
  for (const line of text.split("\n")) {
    const match = /^b32(\S+) =0 (?:([xuozi]+) )? *(\S+)(?: (\S+))? -> (\S+)/.exec(line.trim());
    const op = symbols[match?.[1] ?? ""];
    // a trapped inexact result is the rounded one; other traps deliver something else
    if (match === null || op === undefined || (match[2] ?? "x") !== "x") continue;
    const a = operand(match[3] ?? "");
    const b = match[4] === undefined ? 0 : operand(match[4]);
    const nan = Number.isNaN(number(a)) || Number.isNaN(number(b));
    // minNum and maxNum prefer numbers to NaN and do not order zeros: not what Programs have
    if ((op === 6 || op === 7) && (nan || ((a | b) & 0x7fffffff) === 0)) continue;
    found.push({ op, a, b, want: operand(match[5] ?? ""), line });
  }
  return found;
}

describe("F32 against Math.fround", () => {
  const [harness] = onEvm("test/arbiter/F32Harness.sol");
  const most = new Map<string, number>();

  async function run(op: number, pairs: readonly number[]): Promise<{ results: number[]; gas: number }> {
    const results: number[] = [];
    let gas = 0;
    for (let at = 0; at < pairs.length; at += 20_000) {
      const packed = Buffer.alloc(Math.min(20_000, pairs.length - at) * 4);
      for (let i = 0; i < packed.length / 4; i++) packed.writeUInt32BE(pairs[at + i] ?? 0, 4 * i);
      const [bytes, dearest] = (await harness.call("run", [op, `0x${packed.toString("hex")}`])) as [string, bigint];
      const words = Buffer.from(bytes.slice(2), "hex");
      for (let i = 0; i < words.length; i += 4) results.push(words.readUInt32BE(i));
      gas = Math.max(gas, Number(dearest));
    }
    return { results, gas };
  }

  async function differences(operation: Operation, pairs: readonly number[]): Promise<string[]> {
    const { results, gas } = await run(operation.op, pairs);
    most.set(operation.name, Math.max(gas, most.get(operation.name) ?? 0));
    expect(results.length).toBe(pairs.length / 2);
    const wrong: string[] = [];
    for (let i = 0; i < results.length; i++) {
      const [a = 0, b = 0] = pairs.slice(2 * i, 2 * i + 2);
      const want = operation.apply(a, b);
      const hex = (x?: number) => (x ?? -1).toString(16);
      if (results[i] !== want)
        wrong.push(`${operation.name} ${hex(a)} ${hex(b)} = ${hex(want)}, not ${hex(results[i])}`);
    }
    return wrong;
  }

  test.each(operations)("$name: all pairs of special values, 100,000 random pairs", async (operation) => {
    const pairs = special.flatMap((a) => special.flatMap((b) => [a, b]));
    expect((await differences(operation, pairs)).slice(0, 5)).toEqual([]);
    expect((await differences(operation, randomPairs(100_000, operation.op))).slice(0, 5)).toEqual([]);
    if (process.env["HARDHAT_COVERAGE"]) return;
    expect(most.get(operation.name)).toBeLessThanOrEqual(operation.most);
  });

  test.skipIf(!existsSync(folder))("IBM's IEEE-754 vectors (skipped where ../shared/data is absent)", async () => {
    const all = readdirSync(folder)
      .filter((name) => name.endsWith(".fptest"))
      .flatMap((name) => vectors(readFileSync(new URL(name, folder), "latin1")));
    expect(all.length).toBeGreaterThan(30_000);
    const wrong: string[] = [];
    for (const op of new Set(all.map((vector) => vector.op))) {
      const chosen = all.filter((vector) => vector.op === op);
      const { results } = await run(
        op,
        chosen.flatMap(({ a, b }) => [a, b]),
      );
      chosen.forEach((vector, i) => {
        if (results[i] !== vector.want) wrong.push(`${vector.line}: ${results[i]?.toString(16)}`);
      });
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  afterAll(() => console.log("dearest call:", Object.fromEntries(most)));
});
