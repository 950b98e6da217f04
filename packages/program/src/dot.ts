/** Folds that run at a dot rate: a fixed list of step codes, byte for byte (docs/spec/cost.md). */
import { OP, REGISTER } from "./instructions.ts";
import { addressStep, DTYPE, firstInstructionRegister, perLeaf } from "./kernel.ts";
import type { Access, Instruction, Kernel } from "./types.ts";

export type DotPattern = {
  readonly kind: "f32" | "i8";
  /** accesses of the left and the right operand */
  readonly left: number;
  readonly right: number;
  /** registers of the constants subtracted from the operands */
  readonly leftZero: number | undefined;
  readonly rightZero: number | undefined;
  /** gas for each step */
  readonly rate: number;
};

type Pattern = { readonly kind: "f32" | "i8"; readonly rate: number; readonly code: readonly Instruction[] };

const load = (access: number): Instruction => [OP.ld, access, 0, 0];

/** P: the first instruction's register; p, q: accesses; z, w: registers of constants. */
const patterns = (P: number, [p, q]: readonly number[], [z, w]: readonly number[]): Pattern[] => {
  const [ldp, ldq] = [load(p ?? 0), load(q ?? 0)];
  const zp: Instruction = [OP.isub, P, z ?? 0, 0];
  const zq: Instruction = [OP.isub, P + 2, w ?? 0, 0];
  return [
    { kind: "f32", rate: 800, code: [ldp, ldq, [OP.fmul, P, P + 1, 0], [OP.fadd, 0, P + 2, 0]] },
    { kind: "i8", rate: 30, code: [ldp, ldq, [OP.imul, P, P + 1, 0], [OP.iadd, 0, P + 2, 0]] },
    { kind: "i8", rate: 30, code: [ldp, zp, ldq, [OP.imul, P + 1, P + 2, 0], [OP.iadd, 0, P + 3, 0]] },
    { kind: "i8", rate: 30, code: [ldp, zp, ldq, zq, [OP.imul, P + 1, P + 3, 0], [OP.iadd, 0, P + 4, 0]] },
  ];
};

const sameCode = (a: readonly Instruction[], b: readonly Instruction[]): boolean =>
  a.length === b.length && a.every((instruction, i) => instruction.every((byte, j) => byte === b[i]![j]));

function fits(kind: "f32" | "i8", access: Access, axis: number): boolean {
  if (access.dynMask) return false;
  const move = addressStep(access, axis);
  if (kind === "i8") return access.dtype >= DTYPE.i8 && move === 1n;
  return access.dtype === DTYPE.f32 && (move < 0n ? -move : move) <= BigInt(perLeaf(access.dtype));
}

/** The dot pattern that a kernel's fold runs as, if the dot rate applies. The kernel keeps V1 to V7. */
export function dotPattern(kernel: Kernel): DotPattern | undefined {
  const { step, accesses, state, folds, results } = kernel;
  const P = firstInstructionRegister(kernel);
  if (state !== 1 || folds.length === 0 || results[1] !== P + step.length - 1) return undefined;
  const loads = step.filter(([op]) => op === OP.ld).map((instruction) => instruction[1]);
  const zeros = step.filter(([op]) => op === OP.isub).map((instruction) => instruction[2]);
  const pattern = patterns(P, loads, zeros).find(({ code }) => sameCode(code, step));
  if (!pattern || zeros.some((register) => register < REGISTER.constant || register >= P)) return undefined;
  const axis = kernel.loops.length + folds.length - 1;
  if (!loads.every((a) => fits(pattern.kind, accesses[a]!, axis))) return undefined;
  const [left, right] = loads as [number, number];
  return { kind: pattern.kind, left, right, leftZero: zeros[0], rightZero: zeros[1], rate: pattern.rate };
}
