/** A read of a result, said in the loop indices of the kernel that wrote it. */
import {
  type Access,
  type Affine,
  type Coordinate,
  canFail,
  combine,
  type Draft,
  type Expr,
  OP,
  product,
  rangeOf,
  rewriteDraft,
} from "@opengradient/program";

/** A coordinate that may leave its extent; inside, its value is added to the writer's loop index `digit`, if there is one. */
export type Guard = { readonly at: Affine; readonly extent: number; readonly digit: number | undefined };

/** One entry in `digits` for each loop of the writer: what reads at that loop index, guards apart. */
export type Aligned = {
  /** how many the reader has: loops and folds */
  readonly indices: number;
  readonly digits: readonly Affine[];
  readonly guards: readonly Guard[];
};

/** A loop or fold (numbered through) that must become two before the read is aligned. */
export type Split = { readonly index: number; readonly inner: number };

/** Elements that one step of each loop moves in a result. */
export function loopStrides(loops: readonly number[]): number[] {
  return loops.map((_, i) => product(loops.slice(i + 1)));
}

/** Adds up what each index of the reader moves in each digit, and finds carries. */
type Sums = { readonly base: number[]; readonly coef: number[][]; readonly most: number[] };

/**
 * Says `access`, whose indices have `extents`, in the digits of a writer's loops.
 * Undefined when a read moves through more than one digit in a way that splitting indices does not mend.
 */
export function align(
  access: Access,
  extents: readonly number[],
  loops: readonly number[],
): Aligned | Split | undefined {
  if (access.dynMask !== 0) return undefined;
  const strides = loopStrides(loops);
  const free = access.coordinates.filter((c) => !canFail(c, extents));
  const sum = combine(
    free.map((c) => [c.stride, c] as const),
    extents.length,
  );
  const [low] = rangeOf(sum, extents);
  const sums = digitsOf(low, loops, strides, extents.length);
  if (sums === undefined) return undefined;
  for (const [i, coef] of sum.coef.entries()) {
    if (coef === 0) continue;
    const split = addIndex(sums, { i, move: coef, extent: extents[i]! }, loops, strides);
    if (split === "no") return undefined;
    if (split !== undefined) return split;
  }
  const guards: Guard[] = [];
  for (const c of access.coordinates.filter((c) => canFail(c, extents))) {
    const guard = guardOf(c, loops, strides);
    if (guard === undefined) return undefined;
    if (guard.digit !== undefined) sums.most[guard.digit]! += guard.extent - 1;
    guards.push(guard);
  }
  if (sums.most.some((most, j) => most >= loops[j]!)) return undefined;
  const digits = loops.map((_, j) => ({ base: sums.base[j]!, coef: sums.coef[j]! }));
  return { indices: extents.length, digits, guards };
}

function digitsOf(
  low: number,
  loops: readonly number[],
  strides: readonly number[],
  indices: number,
): Sums | undefined {
  if (low < 0 || low >= product(loops)) return undefined;
  const base = loops.map((extent, j) => Math.floor(low / strides[j]!) % extent);
  return { base, coef: loops.map(() => new Array<number>(indices).fill(0)), most: [...base] };
}

type Move = { readonly i: number; readonly move: number; readonly extent: number };

function addIndex(
  sums: Sums,
  { i, move, extent }: Move,
  loops: readonly number[],
  strides: readonly number[],
): Split | "no" | undefined {
  const size = Math.abs(move);
  const j = strides.findIndex((stride) => stride <= size);
  const times = size / strides[j]!;
  if (j < 0 || !Number.isInteger(times)) return "no";
  const reach = times * (extent - 1);
  if (reach >= loops[j]!) {
    const inner = loops[j]! / times;
    return Number.isInteger(inner) && inner > 1 && inner < extent && extent % inner === 0 ? { index: i, inner } : "no";
  }
  sums.most[j]! += reach;
  sums.coef[j]![i]! += move < 0 ? -times : times;
  // `base` was taken at the least address: where the index counts down, that is its last value
  if (move < 0) sums.base[j]! += reach;
  return undefined;
}

function guardOf(c: Coordinate, loops: readonly number[], strides: readonly number[]): Guard | undefined {
  const at = { base: c.base, coef: c.coef };
  if (c.extent === 1) return { at, extent: 1, digit: undefined };
  const digit = strides.findIndex((stride, j) => stride === c.stride && loops[j]! > 1);
  if (digit < 0) return undefined;
  return { at, extent: c.extent, digit };
}

/** Splits a loop or fold into an outer and an inner one. */
export function splitIndex(d: Draft, { index, inner }: Split): Draft {
  const isLoop = index < d.loops.length;
  const at = isLoop ? index : index - d.loops.length;
  const extents = isLoop ? d.loops : d.folds;
  const parts = extents.flatMap((extent, i) => (i === at ? [extent / inner, inner] : [extent]));
  const kind = isLoop ? "loop" : "fold";
  const rename = (e: Expr): Expr => {
    if (e.kind === "load") return { ...e, access: splitCoefficients(e.access, { index, inner }) };
    if (e.kind !== kind || e.at < at) return e;
    if (e.at > at) return { kind, at: e.at + 1 };
    const scaled: Expr = {
      kind: "apply",
      op: OP.imul,
      args: [
        { kind, at },
        { kind: "word", word: inner },
      ],
    };
    return { kind: "apply", op: OP.iadd, args: [scaled, { kind, at: at + 1 }] };
  };
  return rewriteDraft(isLoop ? { ...d, loops: parts } : { ...d, folds: parts }, rename);
}

export const splitCoefficients = (access: Access, { index, inner }: Split): Access => ({
  ...access,
  coordinates: access.coordinates.map((c) => ({
    ...c,
    coef: c.coef.flatMap((coef, i) => (i === index ? [coef * inner, coef] : [coef])),
  })),
});

/** Splits the indices of `d` until `access` is aligned. */
export function alignDraft(
  d: Draft,
  access: Access,
  loops: readonly number[],
): { d: Draft; access: Access; aligned: Aligned } | undefined {
  let [current, read] = [d, access];
  for (;;) {
    const found = align(read, [...current.loops, ...current.folds], loops);
    if (found === undefined) return undefined;
    if ("digits" in found) return { d: current, access: read, aligned: found };
    current = splitIndex(current, found);
    read = splitCoefficients(read, found);
    if (current.loops.length > 8 || current.folds.length > 4) return undefined;
  }
}

/**
 * The read that `inner`, over the writer's loops, becomes when those loops are `outer` of the reader's indices.
 * `elseWord` is the reader's. Undefined when the two boxes give different words outside.
 */
export function compose(outer: Aligned, elseWord: number, inner: Access, loops: readonly number[]): Access | undefined {
  const { indices } = outer;
  const fixed = inner.coordinates.map((c, q) => (inner.dynMask & (1 << q)) !== 0 || canFail(c, loops));
  const guarded = inner.coordinates.filter((_, q) => fixed[q]);
  const summed = combine(
    inner.coordinates.flatMap((c, q) => (fixed[q] ? [] : [[c.stride, c] as const])),
    loops.length,
  );
  if (rangeOf(summed, loops)[1] >= inner.length) return undefined;
  if (outer.guards.length > 0 && guarded.length > 0 && elseWord !== inner.elseWord) return undefined;
  const totals = outer.digits.map((digit, j) => {
    const own = outer.guards.filter((g) => g.digit === j && guarded.some((c) => c.coef[j] !== 0));
    return combine([[1, digit], ...own.map((g) => [1, g.at] as const)], indices);
  });
  const rest: [number, Affine][] = totals.map((total, j) => [summed.coef[j]!, total]);
  let base = summed.base;
  const coordinates: Coordinate[] = outer.guards.map(({ at, extent, digit }) => {
    const move = digit === undefined || guarded.some((c) => c.coef[digit] !== 0) ? 0 : summed.coef[digit]!;
    if (move >= 0) return { ...at, extent, stride: move };
    base += move * (extent - 1);
    const down = combine([[-1, at]], indices);
    return { ...down, base: down.base + extent - 1, extent, stride: -move };
  });
  const dynMask = maskOf(inner, fixed) * 2 ** coordinates.length;
  for (const c of guarded) {
    const at = combine(
      c.coef.map((coef, j) => [coef, totals[j]!] as const),
      indices,
    );
    coordinates.push({ coef: at.coef, base: at.base + c.base, extent: c.extent, stride: c.stride });
  }
  const free = combine(rest, indices);
  coordinates.push({ coef: free.coef, base: free.base + base, extent: inner.length, stride: 1 });
  const outside = outer.guards.length > 0 ? elseWord : inner.elseWord;
  return { ...inner, elseWord: outside, dynMask, coordinates };
}

/** dynMask among the coordinates that stay apart. */
const maskOf = (access: Access, kept: readonly boolean[]): number =>
  access.coordinates
    .flatMap((_, q) => (kept[q] ? [q] : []))
    .reduce((mask, q, to) => (access.dynMask & (1 << q) ? mask | (1 << to) : mask), 0);
