/**
 * Kernels as people and passes write them: scalar code as expressions instead of registers, each `ld` with its access in it,
 * unit extents allowed. `toKernel` numbers and normalises, `toDraft` is its inverse.
 */
import { type Affine, simplifyAccess } from "./affine.ts";
import { INSTRUCTIONS, OP, REGISTER } from "./instructions.ts";
import { dynamicCount, isLoad } from "./kernel.ts";
import type { Access, Dtype, Instruction, Kernel } from "./types.ts";

export type Expr =
  | { readonly kind: "word"; readonly word: number }
  | { readonly kind: "loop" | "fold" | "state"; readonly at: number }
  | { readonly kind: "load"; readonly access: Access; readonly offsets: readonly Expr[] }
  | { readonly kind: "apply"; readonly op: number; readonly args: readonly Expr[] };

export type Draft = {
  readonly outType: Dtype;
  readonly loops: readonly number[];
  readonly folds: readonly number[];
  /** S expressions each; both empty for a map */
  readonly init: readonly Expr[];
  readonly step: readonly Expr[];
  readonly done: Expr;
  readonly groupPos: number;
  readonly groupSize: number;
};

/** A draft that belongs to no group. */
export const draft = (d: Omit<Draft, "groupPos" | "groupSize">): Draft => ({ ...d, groupPos: 0, groupSize: 1 });

/** What does not fit the encoding's counts (registers, accesses, constants, dimensions). */
export class DraftError extends Error {
  override readonly name = "DraftError";
}

/**
 * Rebuilds expressions bottom-up: `change` sees each node with its operands already rebuilt.
 * Shared nodes are visited once for all calls of the returned function.
 */
export function rewriter(change: (e: Expr) => Expr): (e: Expr) => Expr {
  const seen = new Map<Expr, Expr>();
  const rewrite = (e: Expr): Expr => {
    const known = seen.get(e);
    if (known !== undefined) return known;
    let next = e;
    if (e.kind === "apply") next = { ...e, args: e.args.map(rewrite) };
    else if (e.kind === "load") next = { ...e, offsets: e.offsets.map(rewrite) };
    const result = change(next);
    seen.set(e, result);
    return result;
  };
  return rewrite;
}

const apply = (op: number, ...args: Expr[]): Expr => ({ kind: "apply", op, args });
const word = (value: number): Expr => ({ kind: "word", word: value >>> 0 });

/** Scalar code for base + Σ coef·index, where the first `loops` indices are loops and the others folds. */
export function affineCode({ base, coef }: Affine, loops: number): Expr {
  const terms = coef.flatMap((c, i) => {
    if (c === 0) return [];
    const index: Expr = i < loops ? { kind: "loop", at: i } : { kind: "fold", at: i - loops };
    return [c === 1 ? index : apply(OP.imul, index, word(c))];
  });
  if (base !== 0 || terms.length === 0) terms.push(word(base));
  return terms.reduce((sum, term) => apply(OP.iadd, sum, term));
}

/** Applies one change to all segments. */
export function rewriteDraft(d: Draft, change: (e: Expr) => Expr): Draft {
  const rewrite = rewriter(change);
  return { ...d, init: d.init.map(rewrite), step: d.step.map(rewrite), done: rewrite(d.done) };
}

/** Every node once, operands first. */
export function visit(roots: readonly Expr[], see: (e: Expr) => void): void {
  const seen = new Set<Expr>();
  const walk = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    if (e.kind === "apply") e.args.forEach(walk);
    else if (e.kind === "load") e.offsets.forEach(walk);
    see(e);
  };
  roots.forEach(walk);
}

export const segments = (d: Draft): readonly Expr[] => [...d.init, ...d.step, d.done];

/** Unit loops and folds disappear; a fold of one step becomes a map. */
function withoutUnits(d: Draft): Draft {
  const extents = [...d.loops, ...d.folds];
  const kept = extents.flatMap((extent, i) => (extent === 1 ? [] : [i]));
  const loops = d.loops.filter((extent) => extent !== 1);
  const folds = d.folds.filter((extent) => extent !== 1);
  const rename = (e: Expr): Expr => {
    if (e.kind === "load") return { ...e, access: onlyIndices(e.access, kept) };
    if (e.kind !== "loop" && e.kind !== "fold") return e;
    const at = kept.indexOf(e.kind === "loop" ? e.at : d.loops.length + e.at);
    if (at < 0) return { kind: "word", word: 0 };
    return e.kind === "loop" ? { kind: "loop", at } : { kind: "fold", at: at - loops.length };
  };
  const next = rewriteDraft({ ...d, loops, folds }, rename);
  if (folds.length > 0 || d.step.length === 0) return next;
  const afterStep = rewriter((e) => (e.kind === "state" ? next.init[e.at]! : e));
  const state = next.step.map(afterStep);
  const done = rewriter((e) => (e.kind === "state" ? state[e.at]! : e))(next.done);
  return { ...next, init: [], step: [], done };
}

const onlyIndices = (access: Access, kept: readonly number[]): Access => ({
  ...access,
  coordinates: access.coordinates.map((c) => ({ ...c, coef: kept.map((i) => c.coef[i]!) })),
});

/** @throws DraftError when a count of the encoding is exceeded */
export function toKernel(source: Draft): Kernel {
  const d = withoutUnits(source);
  const extents = [...d.loops, ...d.folds];
  const numbering = number(d, extents);
  if (d.loops.length > 8) throw new DraftError(`${d.loops.length} loops, at most 8`);
  if (d.folds.length > 4) throw new DraftError(`${d.folds.length} folds, at most 4`);
  if (d.init.length > 4) throw new DraftError(`${d.init.length} state words, at most 4`);
  const { accesses, constants } = numbering;
  if (accesses.length > 16) throw new DraftError(`${accesses.length} accesses, at most 16`);
  for (const a of accesses)
    if (a.coordinates.length > 5) throw new DraftError(`${a.coordinates.length} coordinates, at most 5`);
  if (constants.length > 64) throw new DraftError(`${constants.length} constants, at most 64`);
  const [init, initResults] = numbering.emit(d.init);
  const [step, stepResults] = numbering.emit(d.step);
  const [done, doneResults] = numbering.emit([d.done]);
  const longest = Math.max(init.length, step.length, done.length);
  if (constants.length + longest > 240)
    throw new DraftError(`${constants.length} constants and ${longest} instructions, at most 240`);
  return {
    outType: d.outType,
    loops: d.loops,
    folds: d.folds,
    state: d.init.length,
    accesses,
    constants,
    init,
    step,
    done,
    results: [...initResults, ...stepResults, ...doneResults],
    groupPos: d.groupPos,
    groupSize: d.groupSize,
  };
}

type Emitted = readonly [instructions: Instruction[], results: number[]];

/** Numbers accesses and constants in order of first use; equal ones share a number. */
function number(d: Draft, extents: readonly number[]) {
  const accesses: Access[] = [];
  const constants: number[] = [];
  const accessOf = new Map<string, number>();
  const constantOf = new Map<number, number>();
  const accessNumber = (access: Access): number => {
    const simple = simplifyAccess(access, extents);
    const key = JSON.stringify(simple);
    if (!accessOf.has(key)) accessOf.set(key, accesses.push(simple) - 1);
    return accessOf.get(key)!;
  };
  const numbers = new Map<Expr, number>();
  visit(segments(d), (e) => {
    if (e.kind === "word" && !constantOf.has(e.word >>> 0))
      constantOf.set(e.word >>> 0, constants.push(e.word >>> 0) - 1);
    else if (e.kind === "load") numbers.set(e, accessNumber(e.access));
  });
  const emit = (roots: readonly Expr[]): Emitted => {
    const instructions: Instruction[] = [];
    const registers = new Map<string, number>();
    const registerOf = new Map<Expr, number>();
    visit(roots, (e) => {
      if (e.kind === "word") registerOf.set(e, REGISTER.constant + constantOf.get(e.word >>> 0)!);
      else if (e.kind === "load" || e.kind === "apply") {
        const operands = (e.kind === "load" ? e.offsets : e.args).map((x) => registerOf.get(x)!);
        const [op, ...used] = e.kind === "load" ? [OP.ld, numbers.get(e)!, ...operands] : [e.op, ...operands];
        const instruction: Instruction = [op, used[0] ?? 0, used[1] ?? 0, used[2] ?? 0];
        const key = instruction.join();
        if (!registers.has(key))
          registers.set(key, REGISTER.constant + constants.length + instructions.push(instruction) - 1);
        registerOf.set(e, registers.get(key)!);
      } else registerOf.set(e, REGISTER[e.kind] + e.at);
    });
    return [instructions, roots.map((e) => registerOf.get(e)!)];
  };
  return { accesses, constants, emit };
}

/** The expressions of a valid kernel. */
export function toDraft(kernel: Kernel): Draft {
  const first = REGISTER.constant + kernel.constants.length;
  const lift = (code: readonly Instruction[], results: readonly number[]): Expr[] => {
    const values: Expr[] = [];
    const read = (register: number): Expr => {
      if (register >= first) return values[register - first]!;
      if (register >= REGISTER.constant) return { kind: "word", word: kernel.constants[register - REGISTER.constant]! };
      if (register >= REGISTER.fold) return { kind: "fold", at: register - REGISTER.fold };
      if (register >= REGISTER.loop) return { kind: "loop", at: register - REGISTER.loop };
      return { kind: "state", at: register };
    };
    for (const instruction of code) {
      const [op, a, b, c] = instruction;
      if (!isLoad(instruction)) {
        values.push({ kind: "apply", op, args: [a, b, c].slice(0, INSTRUCTIONS[op]!.operands.length).map(read) });
        continue;
      }
      const access = kernel.accesses[a]!;
      values.push({ kind: "load", access, offsets: [b, c].slice(0, dynamicCount(access)).map(read) });
    }
    return results.map(read);
  };
  const S = kernel.state;
  return {
    outType: kernel.outType,
    loops: kernel.loops,
    folds: kernel.folds,
    init: lift(kernel.init, kernel.results.slice(0, S)),
    step: lift(kernel.step, kernel.results.slice(S, 2 * S)),
    done: lift(kernel.done, kernel.results.slice(2 * S))[0]!,
    groupPos: kernel.groupPos,
    groupSize: kernel.groupSize,
  };
}
