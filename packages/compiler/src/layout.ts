/**
 * Picks the order of every kernel's loops, which is the layout of its result, and of its folds, so that folds run through
 * memory in order: channels last behind a convolution, and weights as [rows][fold], contiguous.
 * Results of output kernels keep their layout. Changing the order of a sum's folds changes its rounding.
 */
import {
  type Access,
  type Draft,
  type Expr,
  product,
  rewriteDraft,
  type Tensor,
  toDraft,
  toKernel,
  visit,
} from "@opengradient/program";
import { alignDraft, compose, loopStrides } from "./align.ts";
import { resultReads } from "./fuse.ts";
import { sameAccess } from "./inline.ts";
import { isRecurrent, type Module, replaceWeights } from "./module.ts";
import { dotLoads, reductionOf } from "./reduction.ts";
import { foldOrdered, gatherWeight, neverOutside } from "./weights.ts";

export function layout(module: Module): Module {
  const { program } = module;
  const drafts = program.kernels.map(toDraft);
  const weights: Tensor[] = [...module.weights];
  const outputs = new Set(program.outputs.map(({ kernel }) => kernel));
  const recurrent = program.kernels.map(isRecurrent);
  for (const k of drafts.keys()) {
    if (recurrent[k]) continue;
    drafts[k] = permuteFolds(drafts[k]!, foldOrder(drafts[k]!));
    const order = loopOrder(drafts[k]!);
    if (!outputs.has(k) && order.some((from, to) => from !== to)) permuteResult(drafts, k, order, recurrent);
    drafts[k] = contiguousWeights(drafts[k]!, weights);
  }
  const infos = weights.map(({ dtype, dims }) => ({ dtype, dims }));
  const next = { ...module, weights, program: { ...program, weights: infos, kernels: drafts.map(toKernel) } };
  return replaceWeights(next, weights);
}

const identity = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Elements that each loop and fold moves an access by. */
const moves = (access: Access, indices: number): number[] =>
  identity(indices).map((i) => Math.abs(access.coordinates.reduce((sum, c) => sum + c.coef[i]! * c.stride, 0)));

type Operands = { readonly main: Access; readonly weight: Access | undefined };

/** The access that decides the order: a dot's other operand than a weight, else the largest that is no weight. */
function operandsOf(d: Draft): Operands | undefined {
  const reduction = reductionOf(d);
  const dot = reduction && dotLoads(reduction)?.map((load) => load.access);
  if (dot) {
    const weight = dot.find((a) => a.space === 1);
    const main = dot.find((a) => a !== weight);
    return weight && main && { main, weight };
  }
  const found: Access[] = [];
  visit(d.step.length > 0 ? d.step : [d.done], (e) => {
    if (e.kind === "load" && e.access.space !== 1) found.push(e.access);
  });
  const [first] = found.sort((a, b) => b.length - a.length);
  return first && { main: first, weight: undefined };
}

const byMove =
  (move: readonly number[]) =>
  (a: number, b: number): number =>
    move[b]! - move[a]! || a - b;

/** Rows of the main operand first, as they lie in memory; then what only the weight depends on. */
function loopOrder(d: Draft): number[] {
  const own = identity(d.loops.length);
  const operands = operandsOf(d);
  if (operands === undefined) return own;
  const indices = d.loops.length + d.folds.length;
  const move = moves(operands.main, indices);
  const weight = operands.weight && moves(operands.weight, indices);
  if (weight === undefined) return own.some((i) => move[i] === 0) ? own : own.sort(byMove(move));
  const rows = own.filter((i) => weight[i] === 0).sort(byMove(move));
  const both = own.filter((i) => weight[i] !== 0 && move[i] !== 0);
  const columns = own.filter((i) => weight[i] !== 0 && move[i] === 0);
  return [...rows, ...both, ...columns];
}

function foldOrder(d: Draft): number[] {
  const own = identity(d.folds.length);
  const operands = operandsOf(d);
  if (operands === undefined || reductionOf(d) === undefined) return own;
  const move = moves(operands.main, d.loops.length + d.folds.length).slice(d.loops.length);
  return move.includes(0) ? own : own.sort(byMove(move));
}

/** New index i is old index order[i]. */
function permute(d: Draft, kind: "loop" | "fold", order: readonly number[]): Draft {
  const first = kind === "loop" ? 0 : d.loops.length;
  const all = identity(d.loops.length + d.folds.length);
  order.forEach((from, to) => {
    all[first + to] = first + from;
  });
  const extents = (kind === "loop" ? d.loops : d.folds).map((_, to, old) => old[order[to]!]!);
  const rename = (e: Expr): Expr => {
    if (e.kind === kind) return { kind, at: order.indexOf(e.at) };
    if (e.kind !== "load") return e;
    const coordinates = e.access.coordinates.map((c) => ({ ...c, coef: all.map((from) => c.coef[from]!) }));
    return { ...e, access: { ...e.access, coordinates } };
  };
  return rewriteDraft(kind === "loop" ? { ...d, loops: extents } : { ...d, folds: extents }, rename);
}

const permuteFolds = (d: Draft, order: readonly number[]): Draft =>
  order.every((from, to) => from === to) ? d : permute(d, "fold", order);

/** Writes result k in another order, if every reader can say its reads in the digits of k's loops. */
function permuteResult(drafts: Draft[], k: number, order: readonly number[], recurrent: readonly boolean[]): void {
  const { loops } = drafts[k]!;
  const readers = new Map<number, Draft>();
  for (let reader = k + 1; reader < drafts.length; reader++) {
    let d = drafts[reader]!;
    const reads = resultReads(d).filter((a) => a.index === k);
    if (reads.length === 0) continue;
    if (recurrent[reader]) return;
    for (let i = 0; i < reads.length; i++) {
      // aligning one read may split indices, which rewrites the others
      const access = resultReads(d).filter((a) => a.index === k && !isMarked(a))[0]!;
      const moved = moveRead(d, access, loops, order);
      if (moved === undefined) return;
      d = moved;
    }
    readers.set(reader, rewriteDraft(d, unmark));
  }
  drafts[k] = permute(drafts[k]!, "loop", order);
  for (const [reader, d] of readers) drafts[reader] = d;
}

/** Reads already moved carry the index −1 − k until all are. */
const isMarked = (access: Access): boolean => access.index < 0;
const unmark = (e: Expr): Expr =>
  e.kind === "load" && e.access.index < 0 ? { ...e, access: { ...e.access, index: -1 - e.access.index } } : e;

function moveRead(d: Draft, access: Access, loops: readonly number[], order: readonly number[]): Draft | undefined {
  const found = alignDraft(d, access, loops);
  if (found === undefined) return undefined;
  const read = compose(found.aligned, access.elseWord, permutedBox(found.access, loops, order), loops);
  if (read === undefined) return undefined;
  const marked = { ...read, index: -1 - access.index };
  return rewriteDraft(found.d, (e) =>
    e.kind === "load" && sameAccess(e.access, found.access) ? { ...e, access: marked } : e,
  );
}

/** Result k over its old loops, once it is written in the new order. */
function permutedBox(access: Access, loops: readonly number[], order: readonly number[]): Access {
  const strides = loopStrides(order.map((from) => loops[from]!));
  const coordinates = loops.map((extent, j) => ({
    base: 0,
    extent,
    stride: strides[order.indexOf(j)]!,
    coef: loops.map((_, i) => (i === j ? 1 : 0)),
  }));
  return { ...access, coordinates };
}

/** A weight that a fold runs through gets a copy in the fold's order. */
function contiguousWeights(d: Draft, weights: Tensor[]): Draft {
  if (d.step.length === 0) return d;
  const extents = [...d.loops, ...d.folds];
  const replaced = new Map<string, Access>();
  visit(d.step, (e) => {
    if (e.kind !== "load" || e.access.space !== 1 || !neverOutside(e.access, extents)) return;
    const { used, dims, coordinates, already } = foldOrdered(e.access, extents);
    if (product(dims) > e.access.length || already) return;
    const index = weights.push(gatherWeight(weights[e.access.index]!, e.access, used, extents)) - 1;
    replaced.set(JSON.stringify(e.access), { ...e.access, index, length: product(dims), coordinates });
  });
  if (replaced.size === 0) return d;
  const swap = (e: Expr): Expr =>
    e.kind === "load" ? { ...e, access: replaced.get(JSON.stringify(e.access)) ?? e.access } : e;
  return rewriteDraft(d, swap);
}
