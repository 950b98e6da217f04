/** One kernel's code inside another's. */
import {
  type Access,
  type Affine,
  affineCode,
  canFail,
  type Draft,
  type Dtype,
  type Expr,
  narrow,
  OP,
  product,
  rewriteDraft,
  rewriter,
  segments,
  visit,
} from "@opengradient/program";
import { type Aligned, alignDraft, compose } from "./align.ts";

/** Whether two accesses read the same element at the same indices. */
export const sameAccess = (a: Access, b: Access): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The `ld` that a copying map consists of. */
export function copiedLoad(d: Draft): Extract<Expr, { kind: "load" }> | undefined {
  if (d.step.length > 0 || d.done.kind !== "load") return undefined;
  const { access } = d.done;
  const keeps = d.outType < 2 || d.outType === access.dtype;
  return keeps && narrow(d.outType, access.elseWord) === (access.elseWord | 0) ? d.done : undefined;
}

/** Whether the indices, as the reader runs through them, meet each element of the source exactly once. */
export function isBijective(access: Access, loops: readonly number[]): boolean {
  if (access.dynMask !== 0 || product(loops) !== access.length) return false;
  if (access.coordinates.some((c) => canFail({ ...c, coef: c.coef.slice(0, loops.length) }, loops))) return false;
  const moves = loops.map((extent, i) => ({
    extent,
    move: Math.abs(access.coordinates.reduce((sum, c) => sum + c.coef[i]! * c.stride, 0)),
  }));
  let next = 1;
  for (const { extent, move } of moves.sort((a, b) => a.move - b.move)) {
    if (move !== next) return false;
    next *= extent;
  }
  return true;
}

const word = (value: number): Expr => ({ kind: "word", word: value >>> 0 });
const apply = (op: number, ...args: Expr[]): Expr => ({ kind: "apply", op, args });

/** What a stored and reloaded word is. */
function stored(dtype: Dtype, value: Expr): Expr {
  if (dtype < 2) return value;
  return dtype === 3 ? apply(OP.and, value, word(255)) : apply(OP.sar, apply(OP.shl, value, word(24)), word(24));
}

const basis = (indices: number, at: number): Affine => ({
  base: 0,
  coef: Array.from({ length: indices }, (_, i) => (i === at ? 1 : 0)),
});

/** Makes room for the writer's folds after the reader's loops. A fold is only ever joined by a map, so none are there yet. */
function withFolds(aligned: Aligned, loops: number, folds: number): Aligned {
  if (folds === 0) return aligned;
  const room = new Array<number>(folds).fill(0);
  const indices = loops + folds;
  const digits = aligned.digits.map((digit) => ({ ...digit, coef: [...digit.coef, ...room] }));
  return { indices, digits: [...digits, ...room.map((_, i) => basis(indices, loops + i))], guards: aligned.guards };
}

type Transplant = {
  readonly writer: Draft;
  readonly loops: number;
  readonly aligned: Aligned;
  readonly elseWord: number;
};

/** The writer's init, step and done over the reader's indices; undefined when a box can not be said there. */
function transplant({ writer, loops, aligned, elseWord }: Transplant): Expr[] | undefined {
  const outer = withFolds(aligned, loops, writer.folds.length);
  const extents = [...writer.loops, ...writer.folds];
  let possible = true;
  const rewrite = rewriter((e) => {
    if (e.kind === "loop") return affineCode(outer.digits[e.at]!, loops);
    if (e.kind !== "load") return e;
    const access = compose(outer, elseWord, e.access, extents);
    if (access === undefined) possible = false;
    return { ...e, access: access ?? e.access };
  });
  const moved = segments(writer).map(rewrite);
  return possible ? moved : undefined;
}

/** Whether `access` is used in `done` alone, at fold index 0. */
function isReadInDoneOnly(reader: Draft, access: Access): boolean {
  let elsewhere = access.coordinates.some((c) => c.coef.slice(reader.loops.length).some((coef) => coef !== 0));
  visit([...reader.init, ...reader.step], (e) => {
    if (e.kind === "load" && sameAccess(e.access, access)) elsewhere = true;
  });
  return !elsewhere;
}

/** Whether each element that the writer computes is still computed exactly once inside the reader. */
function evaluatesOnce(reader: Draft, access: Access, writer: Draft): boolean {
  if (writer.folds.length > 0 && reader.folds.length > 0) return false;
  return isReadInDoneOnly(reader, access) && isBijective(access, reader.loops);
}

/**
 * The reader with what `access` reads computed in place. Copies go anywhere; other maps into the reader's `done`;
 * folds into a map, which becomes the fold's `done`. Undefined when that is not possible or would compute anything twice.
 */
export function inlineRead(reader: Draft, access: Access, writer: Draft): Draft | undefined {
  const copy = copiedLoad(writer);
  if (copy === undefined && !evaluatesOnce(reader, access, writer)) return undefined;
  const found = alignDraft(reader, access, writer.loops);
  if (found === undefined) return undefined;
  const { d, access: read, aligned } = found;
  const code = transplant({ writer, loops: d.loops.length, aligned, elseWord: access.elseWord });
  if (code === undefined) return undefined;
  const value = copy === undefined ? stored(writer.outType, code.at(-1)!) : code.at(-1)!;
  const room = writer.folds.map(() => 0);
  const joined = rewriteDraft(d, (e) => {
    if (e.kind !== "load") return e;
    if (sameAccess(e.access, read)) return value;
    return room.length === 0 ? e : { ...e, access: withCoefficients(e.access, room) };
  });
  if (writer.step.length === 0) return joined;
  const S = writer.init.length;
  return { ...joined, folds: writer.folds, init: code.slice(0, S), step: code.slice(S, 2 * S) };
}

const withCoefficients = (access: Access, more: readonly number[]): Access => ({
  ...access,
  coordinates: access.coordinates.map((c) => ({ ...c, coef: [...c.coef, ...more] })),
});
