import { INSTRUCTIONS, OP, REGISTER } from "../instructions.ts";
import { DTYPE, dynamicCount, firstInstructionRegister, type Segment } from "../kernel.ts";
import type { Instruction, Kernel } from "../types.ts";
import { isReadable } from "../validate.ts";
import type { Random } from "./source.ts";
import { classOf, OPERAND_CLASSES, wordOfClass } from "./words.ts";

/** A kernel whose code and results are still to be written. */
export type Shape = Omit<Kernel, "init" | "step" | "done" | "results">;

/** What a register tends to hold, so that code mostly computes something: indices and flags, f32, or any bits. */
type Kind = "small" | "float" | "bits";

type Known = { readonly register: number; readonly kind: Kind; readonly varies: boolean };

/** Register 16 bounds words before they are added to a coordinate. */
const BOUND = 7;

export function randomConstants(random: Random): number[] {
  const count = random.pick([0, 1, 2, 3, 5, 20]);
  return [BOUND, ...Array.from({ length: count }, () => wordOfClass(random, random.pick(OPERAND_CLASSES)) >>> 0)];
}

function kindOfWord(word: number): Kind {
  const kind = classOf(word);
  if (kind === "small") return "small";
  return kind === "unit" || kind === "normal" ? "float" : "bits";
}

/** Registers readable at the start of a segment. State counts as what the kernel stores. */
function initialRegisters(shape: Shape, segment: Segment): Known[] {
  const kernel: Kernel = { ...shape, init: [], step: [], done: [], results: [] };
  const stored = shape.outType === DTYPE.f32 ? "float" : "bits";
  return Array.from({ length: firstInstructionRegister(kernel) }, (_, register): Known => {
    if (register < REGISTER.loop) return { register, kind: stored, varies: true };
    if (register < REGISTER.constant) return { register, kind: "small", varies: true };
    return { register, kind: kindOfWord(shape.constants[register - REGISTER.constant]!), varies: false };
  }).filter(({ register }) => isReadable(kernel, segment, 0, register));
}

/** Mostly of the wanted kind, mostly one that varies, mostly a recent one. */
function chooseOperand(random: Random, known: readonly Known[], kind: Kind | undefined): number {
  const right = random.oneIn(6) ? known : known.filter((at) => kind === undefined || at.kind === kind);
  const varying = random.oneIn(4) ? right : right.filter(({ varies }) => varies);
  const from = [varying, right, known].find((list) => list.length > 0)!;
  return random.pick(random.oneIn(2) ? from.slice(-4) : from).register;
}

const isFloat = (op: number): boolean => op >= OP.fadd && op <= OP.frint;
const isFlag = (op: number): boolean => [OP.flt, OP.fle, OP.feq, OP.ilt, OP.ult, OP.ieq].includes(op);

function operandKind(op: number): Kind | undefined {
  if (isFloat(op) || op === OP.flt || op === OP.fle || op === OP.feq || op === OP.f2i) return "float";
  return op === OP.select ? undefined : "bits";
}

function kindAfter(shape: Shape, [op, a, b]: Instruction, known: readonly Known[]): Kind {
  if (op === OP.ld) return (["float", "bits", "small", "small"] as const)[shape.accesses[a]!.dtype];
  if (isFloat(op) || op === OP.i2f) return "float";
  if (isFlag(op) || (op === OP.and && b === REGISTER.constant)) return "small";
  return op === OP.select ? known.find(({ register }) => register === b)!.kind : "bits";
}

function randomInstruction(random: Random, shape: Shape, known: readonly Known[]): Instruction {
  if (shape.accesses.length && (random.oneIn(3) || known.every(({ varies }) => !varies))) {
    const a = random.below(shape.accesses.length);
    const dynamic = dynamicCount(shape.accesses[a]!);
    const offset = (n: number): number => (n < dynamic ? chooseOperand(random, known, "small") : 0);
    return [OP.ld, a, offset(0), offset(1)];
  }
  if (random.oneIn(10)) return [OP.and, chooseOperand(random, known, undefined), REGISTER.constant, 0];
  const anyOp = random.between(1, INSTRUCTIONS.length - 1);
  const op = isFlag(anyOp) && random.oneIn(2) ? random.between(1, INSTRUCTIONS.length - 1) : anyOp;
  const { operands } = INSTRUCTIONS[op]!;
  const operand = (n: number): number => (n < operands.length ? chooseOperand(random, known, operandKind(op)) : 0);
  return [op, operand(0), operand(1), operand(2)];
}

export type Code = { readonly code: readonly Instruction[]; readonly results: readonly number[] };

class CodeWriter {
  readonly code: Instruction[] = [];
  readonly known: Known[];
  readonly shape: Shape;

  constructor(shape: Shape, segment: Segment) {
    this.shape = shape;
    this.known = initialRegisters(shape, segment);
  }

  push(instruction: Instruction): void {
    const { known, shape } = this;
    const operands = instruction.slice(instruction[0] === OP.ld ? 2 : 1);
    const varies = instruction[0] === OP.ld || known.some((at) => at.varies && operands.includes(at.register));
    const register = REGISTER.constant + shape.constants.length + this.code.length;
    known.push({ register, kind: kindAfter(shape, instruction, known), varies });
    this.code.push(instruction);
  }

  /** Mixes values so that a wrong bit in one of them shows in the last register. */
  mix(random: Random): void {
    const varying = this.known.filter(({ varies }) => varies);
    for (let n = random.between(1, 4); n > 0 && varying.length > 1; n--) {
      const value = random.pick(varying.slice(-8)).register;
      this.push([random.pick([OP.xor, OP.iadd, OP.isub]), this.known.at(-1)!.register, value, 0]);
    }
  }
}

/** Straight-line code of about `count` instructions and result registers, mostly late ones that vary. */
export function randomCode(
  random: Random,
  shape: Shape,
  segment: Segment,
  size: { code: number; results: number },
): Code {
  const writer = new CodeWriter(shape, segment);
  for (let i = 0; i < size.code; i++) writer.push(randomInstruction(random, shape, writer.known));
  if (size.code && !random.oneIn(3)) writer.mix(random);
  const stored = shape.outType === DTYPE.f32 ? "float" : "bits";
  const { known, code } = writer;
  const results = Array.from({ length: size.results }, (_, i) =>
    i === 0 && code.length && !random.oneIn(5) ? known.at(-1)!.register : chooseOperand(random, known, stored),
  );
  return { code, results };
}
