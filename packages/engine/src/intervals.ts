/** Between which bounds the integers are that code computes, as far as the code alone shows it. */
import type { Instruction } from "@opengradient/program";
import { FIRST_CONSTANT, isUnchecked, type Lowered, type Read } from "./lower.ts";

export type Interval = { readonly low: number; readonly high: number };

const ANY: Interval = { low: -(2 ** 31), high: 2 ** 31 - 1 };
const BYTES: Readonly<Record<number, Interval>> = { 2: { low: -128, high: 127 }, 3: { low: 0, high: 255 } };

/** Of the words that a read of kernel k gives. */
export type ReadBounds = (k: Lowered, read: Read) => Interval;

const union = (a: Interval, b: Interval): Interval => ({ low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) });

/** Sums that leave 32 bits start over at the other end. */
const kept = (sum: Interval): Interval => (sum.low < ANY.low || sum.high > ANY.high ? ANY : sum);

type Operation = (a: Interval, b: Interval, c: Interval) => Interval;

const OPERATIONS: Readonly<Record<number, Operation>> = {
  17: (a, b) => kept({ low: a.low + b.low, high: a.high + b.high }),
  18: (a, b) => kept({ low: a.low - b.high, high: a.high - b.low }),
  25: (a, b) => ({ low: Math.min(a.low, b.low), high: Math.min(a.high, b.high) }),
  26: (a, b) => ({ low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) }),
  36: (_, b, c) => union(b, c),
};

export type Code = {
  readonly constants: readonly number[];
  readonly instructions: readonly Instruction[];
  readonly read: (access: number) => Interval;
};

export function intervalOf({ constants, instructions, read }: Code, register: number): Interval {
  const found = constants.map((word): Interval => ({ low: word | 0, high: word | 0 }));
  const of = (operand: number): Interval => found[operand - FIRST_CONSTANT] ?? ANY;
  for (const [opcode, a, b, c] of instructions)
    found.push(opcode === 0 ? read(a) : (OPERATIONS[opcode]?.(of(a), of(b), of(c)) ?? ANY));
  return of(register);
}

/** Bytes have theirs; words that a map wrote have what its code shows. */
export function readBounds(kernels: readonly Lowered[]): ReadBounds {
  const results: Interval[] = [];
  const bounds: ReadBounds = (k, read) => {
    const source = k.sources[read.slot]!;
    const word = source.kind === "result" ? results[source.index] : undefined;
    const inside = BYTES[read.dtype] ?? word ?? ANY;
    if (isUnchecked(read)) return inside;
    return union(inside, { low: read.elseWord | 0, high: read.elseWord | 0 });
  };
  for (const k of kernels) {
    const isMap = k.folds.length === 0 && k.outType === 1;
    const code = { constants: k.constants, instructions: k.done, read: (a: number) => bounds(k, k.outer[a]!) };
    results.push(isMap ? intervalOf(code, k.results[0]!) : ANY);
  }
  return bounds;
}
