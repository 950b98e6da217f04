import { INSTRUCTIONS, OP } from "../instructions.ts";
import { dynamicCount, firstInstructionRegister, type Segment } from "../kernel.ts";
import type { Instruction, Kernel } from "../types.ts";
import { isReadable } from "../validate.ts";
import type { Random } from "./source.ts";
import { OPERAND_CLASSES, wordOfClass } from "./words.ts";

/** A kernel whose code and results are still to be written. */
export type Shape = Omit<Kernel, "init" | "step" | "done" | "results">;

/** The constant that bounds registers before they are added to a coordinate: register 16. */
const BOUND = 7;

export function randomConstants(random: Random): number[] {
  const count = random.pick([0, 1, 2, 3, 5, 20]);
  return [BOUND, ...Array.from({ length: count }, () => wordOfClass(random, random.pick(OPERAND_CLASSES)) >>> 0)];
}

const asKernel = (shape: Shape): Kernel => ({ ...shape, init: [], step: [], done: [], results: [] });

/** Registers readable before instruction i; those just written come up more often. */
function readable(shape: Shape, segment: Segment, i: number): number[] {
  const kernel = asKernel(shape);
  const first = firstInstructionRegister(kernel);
  const all = Array.from({ length: first + i }, (_, register) => register);
  const recent = all.slice(first).slice(-4);
  return [...all.filter((register) => isReadable(kernel, segment, i, register)), ...recent, ...recent];
}

function randomLoad(random: Random, shape: Shape, registers: readonly number[]): Instruction {
  const a = random.below(shape.accesses.length);
  const dynamic = dynamicCount(shape.accesses[a]!);
  const operand = (n: number): number => (n < dynamic ? random.pick(registers) : 0);
  return [OP.ld, a, operand(0), operand(1)];
}

function randomInstruction(random: Random, shape: Shape, registers: readonly number[]): Instruction {
  if (shape.accesses.length && random.oneIn(3)) return randomLoad(random, shape, registers);
  const op = random.between(1, INSTRUCTIONS.length - 1);
  const { operands } = INSTRUCTIONS[op]!;
  const operand = (n: number): number => (n < operands.length ? random.pick(registers) : 0);
  return [op, operand(0), operand(1), operand(2)];
}

/** Straight-line code of about `count` instructions; some words are bounded so that dynamic reads hit. */
export function randomCode(random: Random, shape: Shape, segment: Segment, count: number): Instruction[] {
  const code: Instruction[] = [];
  while (code.length < count) {
    const registers = readable(shape, segment, code.length);
    if (random.oneIn(6)) code.push([OP.and, random.pick(registers), 16, 0]);
    else code.push(randomInstruction(random, shape, registers));
  }
  return code;
}

/** A register that may be a segment's result, the last instruction's more often than not. */
export function randomResult(random: Random, shape: Shape, segment: Segment, length: number): number {
  const registers = readable(shape, segment, length);
  return length && !random.oneIn(4) ? registers.at(-1)! : random.pick(registers);
}
