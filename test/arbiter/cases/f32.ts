// One operation of F32 on many pairs of operands, beside Math.fround.
import type { Case } from "./case.ts";

export const F32_HARNESS = "test/arbiter/F32Harness.sol";

const word = new DataView(new ArrayBuffer(4));
export const numberOf = (bits: number): number => {
  word.setUint32(0, bits >>> 0);
  return word.getFloat32(0);
};
/** Every NaN becomes the canonical one. */
export const bitsOf = (x: number): number => {
  word.setFloat32(0, x);
  return Number.isNaN(x) ? 0x7fc00000 : word.getUint32(0);
};

/** To the nearest integer, halves to the even one, the sign of zero kept. */
function rint(x: number): number {
  if (!(Math.abs(x) < 2 ** 23)) return x;
  const whole = Math.fround(Math.fround(Math.abs(x) + 2 ** 23) - 2 ** 23);
  return x < 0 || Object.is(x, -0) ? -whole : whole;
}

export type Operation = {
  readonly name: string;
  readonly op: number;
  /** gas of one call through a function pointer: a little above the direct call */
  readonly most: number;
  apply(a: number, b: number): number;
};
const real = (name: string, op: number, most: number, f: (a: number, b: number) => number): Operation => ({
  name,
  op,
  most,
  apply: (a, b) => bitsOf(Math.fround(f(numberOf(a), numberOf(b)))),
});
const truth = (name: string, op: number, f: (a: number, b: number) => boolean): Operation => ({
  name,
  op,
  most: 250,
  apply: (a, b) => Number(f(numberOf(a), numberOf(b))),
});

export const OPERATIONS: readonly Operation[] = [
  real("fadd", 1, 760, (a, b) => a + b),
  real("fsub", 2, 800, (a, b) => a - b),
  real("fmul", 3, 620, (a, b) => a * b),
  real("fdiv", 4, 720, (a, b) => a / b),
  real("fsqrt", 5, 620, Math.sqrt),
  real("fmin", 6, 320, (a, b) => Math.min(a, b)),
  real("fmax", 7, 320, (a, b) => Math.max(a, b)),
  { name: "fneg", op: 8, most: 170, apply: (a) => (Number.isNaN(numberOf(a)) ? 0x7fc00000 : (a ^ 0x80000000) >>> 0) },
  real("fabs", 9, 170, Math.abs),
  real("ffloor", 10, 440, Math.floor),
  real("frint", 11, 420, rint),
  truth("flt", 12, (a, b) => a < b),
  truth("fle", 13, (a, b) => a <= b),
  truth("feq", 14, (a, b) => a === b),
  { name: "i2f", op: 15, most: 420, apply: (a) => bitsOf(Math.fround(a | 0)) },
  {
    name: "f2i",
    op: 16,
    most: 320,
    apply: (a) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(numberOf(a)) || 0)) >>> 0,
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
    if (i % 8 === 3) [a, b] = [bitsOf((a % 4097) / 2 - 1024), bitsOf((b % 4097) - 2048)];
    pairs.push(a, b);
  }
  return pairs;
}

export type Pairs = {
  /** without `most`, gas is not looked at */
  readonly operation: { readonly name: string; readonly op: number; readonly most?: number };
  /** a, b, a, b … */
  readonly pairs: readonly number[];
  readonly wants: readonly number[];
};

const hex = (x?: number): string => (x ?? -1).toString(16);

/** One call for all the pairs. */
function pairsCase({ operation, pairs, wants }: Pairs): Case {
  const packed = Buffer.alloc(pairs.length * 4);
  for (const [i, bits] of pairs.entries()) packed.writeUInt32BE(bits, 4 * i);
  return {
    name: operation.name,
    source: F32_HARNESS,
    call: "run",
    args: [operation.op, `0x${packed.toString("hex")}`],
    fault(answer) {
      if (!Array.isArray(answer)) return String(answer);
      const results = Buffer.from(String(answer[0]).slice(2), "hex");
      if (results.length !== 4 * wants.length) return `${results.length / 4} results for ${wants.length} pairs`;
      const wrong = wants.findIndex((want, i) => results.readUInt32BE(4 * i) !== want);
      if (wrong >= 0) {
        const [a, b] = pairs.slice(2 * wrong);
        return `${hex(a)} ${hex(b)} = ${hex(wants[wrong])}, not ${hex(results.readUInt32BE(4 * wrong))}`;
      }
      const dear = !process.env["HARDHAT_COVERAGE"] && Number(answer[1]) > (operation.most ?? Infinity);
      return dear ? `${answer[1]} gas, at most ${operation.most}` : undefined;
    },
  };
}

/** As many calls as gas allows. */
export function* f32Cases({ operation, pairs, wants }: Pairs): Generator<Case> {
  for (let at = 0; at < wants.length; at += 10_000)
    yield pairsCase({
      operation,
      pairs: pairs.slice(2 * at, 2 * at + 20_000),
      wants: wants.slice(at, at + 10_000),
    });
}

/** All pairs of special values, then random ones. */
export function* operationCases(operation: Operation, randoms: number): Generator<Case> {
  const all = special.flatMap((a) => special.flatMap((b) => [a, b]));
  for (const pairs of [all, randomPairs(randoms, operation.op)]) {
    const wants = Array.from({ length: pairs.length / 2 }, (_, i) => operation.apply(pairs[2 * i]!, pairs[2 * i + 1]!));
    yield* f32Cases({ operation, pairs, wants });
  }
}
