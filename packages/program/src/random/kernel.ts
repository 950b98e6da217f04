import { INSTRUCTIONS, OP } from "../instructions.ts";
import { DTYPE, firstInstructionRegister, product } from "../kernel.ts";
import type { Dtype, Instruction, Kernel } from "../types.ts";
import { directAccess, operandAccess, type Readable, randomAccess } from "./access.ts";
import { randomCode, randomConstants, type Shape } from "./code.ts";
import type { Random } from "./source.ts";

/** What is settled before a kernel's code: a group's members know each other's. */
export type Frame = Pick<Kernel, "outType" | "loops" | "groupPos" | "groupSize">;

const MAX_STEPS = 4_096;

/** Extents of at least 2 whose product stays below `limit`. */
export function randomExtents(random: Random, count: number, limit: number): number[] {
  const extents: number[] = [];
  for (let left = limit; extents.length < count && left >= 2; ) {
    // leaves a factor of 2 for each extent to come
    const room = Math.floor(left / 2 ** (count - extents.length - 1));
    const extent = random.between(2, Math.max(2, Math.min(room, random.pick([2, 3, 5, 9, 40, 200]))));
    extents.push(extent);
    left = Math.floor(left / extent);
  }
  for (let i = extents.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [extents[i], extents[j]] = [extents[j]!, extents[i]!];
  }
  return extents;
}

/** i8 and u8 results come up as often as their operands are needed. */
export const randomDtype = (random: Random): Dtype => random.pick([0, 0, 0, 1, 2, 3] as const);

function codeOf(random: Random, shape: Shape): Kernel {
  const S = shape.state;
  const length = (): number => random.pick([0, 1, 2, 4, 7, 12]);
  const none = { code: [], results: [] };
  const init = S ? randomCode(random, shape, "init", { code: length(), results: S }) : none;
  const step = S ? randomCode(random, shape, "step", { code: 1 + length(), results: S }) : none;
  const done = randomCode(random, shape, "done", { code: S ? length() : 2 + length(), results: 1 });
  const results = [init, step, done].flatMap((segment) => segment.results);
  return { ...shape, init: init.code, step: step.code, done: done.code, results };
}

/** A kernel of random code, a map or a fold. */
export function randomKernel(random: Random, frame: Frame, sources: readonly Readable[]): Kernel {
  const limit = Math.max(2, Math.floor(MAX_STEPS / product(frame.loops)));
  const folds = random.oneIn(2) ? [] : randomExtents(random, random.between(1, 4), Math.min(limit, 60));
  const axes = [...frame.loops, ...folds];
  const count = random.pick([0, 1, 1, 2, 2, 3, 5]);
  const accesses = Array.from({ length: count }, () => randomAccess(random, axes, random.pick(sources)));
  const state = folds.length ? random.between(1, 4) : 0;
  return codeOf(random, { ...frame, folds, state, accesses, constants: randomConstants(random) });
}

function dotStep(random: Random, P: number, kind: "f32" | "i8", q: number): Instruction[] {
  const [ldp, ldq]: Instruction[] = [
    [OP.ld, 0, 0, 0],
    [OP.ld, q, 0, 0],
  ];
  if (kind === "f32") return [ldp!, ldq!, [OP.fmul, P, P + 1, 0], [OP.fadd, 0, P + 2, 0]];
  const [z, w] = [random.between(16, P - 1), random.between(16, P - 1)];
  return random.pick<Instruction[]>([
    [ldp!, ldq!, [OP.imul, P, P + 1, 0], [OP.iadd, 0, P + 2, 0]],
    [ldp!, [OP.isub, P, z, 0], ldq!, [OP.imul, P + 1, P + 2, 0], [OP.iadd, 0, P + 3, 0]],
    [ldp!, [OP.isub, P, z, 0], ldq!, [OP.isub, P + 2, w, 0], [OP.imul, P + 1, P + 3, 0], [OP.iadd, 0, P + 4, 0]],
  ]);
}

/** A dot fold, now and then one that just misses its rate; undefined if no source has the dtype. */
export function randomDot(random: Random, frame: Frame, sources: readonly Readable[]): Kernel | undefined {
  const kind = random.pick(["f32", "i8"] as const);
  const operands = sources.filter(({ dtype }) => (kind === "f32" ? dtype === DTYPE.f32 : dtype >= DTYPE.i8));
  if (operands.length === 0) return undefined;
  const limit = Math.max(2, Math.floor(MAX_STEPS / product(frame.loops)));
  const folds = randomExtents(random, random.between(1, 4), Math.min(limit, 400));
  const axes = [...frame.loops, ...folds];
  const step = (): number => (kind === "i8" && !random.oneIn(8) ? 1 : random.pick([1, 1, 1, 0, -1, 2, 5, 64, 65]));
  const left = operandAccess(random, axes, random.pick(operands), step());
  const right = operandAccess(random, axes, random.pick(operands), step());
  const extra = randomAccess(random, axes, random.pick(sources));
  const shape = { ...frame, folds, state: 1, accesses: [left, right, extra], constants: randomConstants(random) };
  const kernel = codeOf(random, shape);
  const P = firstInstructionRegister(kernel);
  const code = dotStep(random, P, kind, random.oneIn(10) ? 0 : 1);
  return { ...kernel, step: code, results: [kernel.results[0]!, P + code.length - 1, kernel.results[2]!] };
}

/** A map that applies a few instructions to words as they come from memory and shows every bit of what they give. */
export function randomProbe(random: Random, frame: Frame, sources: readonly Readable[]): Kernel | undefined {
  const operands = sources.filter(({ dtype, length }) => dtype <= DTYPE.i32 && length >= 64);
  if (operands.length === 0) return undefined;
  const accesses = [0, 1, 2].map(() => directAccess(random, frame.loops, random.pick(operands)));
  const constants = randomConstants(random);
  const first = 16 + constants.length;
  const words = [first, first + 1, first + 2, first, first + 1, first + 2, random.between(16, first - 1)];
  const done: Instruction[] = accesses.map((_, a): Instruction => [OP.ld, a, 0, 0]);
  for (let n = random.between(3, 12); n > 0; n--) {
    const op = random.between(1, INSTRUCTIONS.length - 1);
    const operand = (i: number): number => (i < INSTRUCTIONS[op]!.operands.length ? random.pick(words) : 0);
    done.push([op, operand(0), operand(1), operand(2)]);
  }
  const last = first + done.length - 1;
  let mixed = first + accesses.length;
  for (let register = mixed + 1; register <= last; register++) {
    done.push([random.pick([OP.xor, OP.iadd]), mixed, register, 0]);
    mixed = first + done.length - 1;
  }
  const outType = frame.groupSize === 1 ? random.pick([DTYPE.i32, DTYPE.f32]) : frame.outType;
  const shape = { ...frame, outType, folds: [], state: 0, accesses, constants };
  return { ...shape, init: [], step: [], done, results: [mixed] };
}

/** A fold over far-apart elements of a long tensor: some a fixed step away from each other, some where the data say. */
export function randomScatter(random: Random, frame: Frame, sources: readonly Readable[]): Kernel | undefined {
  const long = sources.filter(({ length }) => length > 1_000);
  if (long.length === 0) return undefined;
  const folds = randomExtents(random, random.between(1, 2), 70);
  const axes = [...frame.loops, ...folds];
  const [near, far] = [random.pick(long), random.pick(long)];
  const farthest = Math.floor(near.length / product(folds));
  const steps = axes.map((_, i) => (i < frame.loops.length ? random.below(3) : random.between(1, farthest)));
  const placed = directAccess(random, [], near);
  const strided = { ...placed, coordinates: placed.coordinates.map((at) => ({ ...at, coef: steps })) };
  const table = directAccess(random, [], far);
  const anywhere = {
    ...table,
    dynMask: 1,
    coordinates: table.coordinates.map((at) => ({ ...at, coef: axes.map(() => 0) })),
  };
  const P = 18;
  const step: Instruction[] = [
    [OP.ld, 0, 0, 0],
    [OP.imul, P, 12, 0],
    [OP.iadd, P + 1, 0, 0],
    [OP.urem, P + 2, 17, 0],
    [OP.ld, 1, P + 3, 0],
    [OP.xor, P + 2, P + 4, 0],
  ];
  const code = random.oneIn(3) ? [...step.slice(0, 1), [OP.iadd, 0, P, 0] as const] : step;
  const shape = {
    ...frame,
    folds,
    state: 1,
    accesses: [strided, anywhere],
    constants: [random.below(100), far.length],
  };
  return { ...shape, init: [], step: code, done: [], results: [16, P + code.length - 1, 0] };
}
