/**
 * A fold that is too long to prove in one transaction becomes partial folds and a fold of the partials, which holds the
 * original `init` and `done`. The fewest parts that fit are taken, by whole outer folds and divisors of the next one where possible.
 */
import {
  type Access,
  costOf,
  type Draft,
  draft,
  type Expr,
  type Kernel,
  MAX_BYTES,
  MAX_GAS,
  OP,
  type ProgramFacts,
  product,
  rewriteDraft,
  toDraft,
  toKernel,
  visit,
} from "@opengradient/program";
import { splitIndex } from "./align.ts";
import { mergeDraft } from "./mergeLoops.ts";
import { type Module, rewriteKernels } from "./module.ts";
import { dotLoads, type Reduction, reductionOf } from "./reduction.ts";

export const split = (module: Module): Module => rewriteKernels(module, splitKernel);

export function fits(facts: ProgramFacts, k: number, kernel: Kernel): boolean {
  const { gas, bytes } = costOf(facts, k, kernel);
  return gas <= MAX_GAS && bytes <= MAX_BYTES;
}

export function splitKernel(facts: ProgramFacts, k: number, kernel: Kernel): Kernel[] {
  const d = toDraft(kernel);
  const reduction = reductionOf(d);
  if (fits(facts, k, kernel) || reduction === undefined) return [kernel];
  const beside = besideOf(d);
  for (const cut of [...evenCuts(d.folds), ...unevenCuts(d.folds)]) {
    const [partial, final] = partsAt(d, reduction, cut, d.loops.length);
    if (!fits(facts, k, partial)) continue;
    const [other, last] = partsAt(d, reduction, cut, beside);
    return fits(facts, k, last) && fits(facts, k, other) ? [other, last] : [partial, ...splitKernel(facts, k, final)];
  }
  return [kernel];
}

/** The partial folds, and the fold of the partials; the parts stand before loop `place` of the original. */
const partsAt = (d: Draft, reduction: Reduction, cut: Cut, place: number): [partial: Kernel, final: Kernel] => [
  toKernel(mergeDraft(partialOf(d, reduction, cut, place))),
  finalOf(d, reduction, cut, place),
];

/** The first of the last loops along which some operand lies side by side although the fold strides through it. */
function besideOf(d: Draft): number {
  const r = d.loops.length;
  const isBeside = (loop: number): boolean => {
    let found = false;
    visit(d.step, (e) => {
      if (e.kind !== "load") return;
      const move = (at: number): number =>
        Math.abs(e.access.coordinates.reduce((sum, c) => sum + c.coef[at]! * c.stride, 0));
      found ||= move(loop) > 0 && move(loop) < move(r + d.folds.length - 1);
    });
    return found;
  };
  let place = r;
  while (place > 0 && isBeside(place - 1)) place--;
  return place;
}

/** Folds before `fold` go to the parts whole, and `fold` in `parts` of `length`; parts·length may exceed its extent. */
type Cut = { readonly fold: number; readonly parts: number; readonly length: number };

const partsOf = (folds: readonly number[], cut: Cut): number => product(folds.slice(0, cut.fold)) * cut.parts;

/** Cuts without a remainder, by the number of parts. */
function evenCuts(folds: readonly number[]): Cut[] {
  const cuts = folds.flatMap((extent, fold) =>
    Array.from({ length: extent - 1 }, (_, i) => i + 2)
      .filter((parts) => extent % parts === 0)
      .map((parts) => ({ fold, parts, length: extent / parts })),
  );
  return cuts
    .filter((cut) => partsOf(folds, cut) < product(folds))
    .sort((a, b) => partsOf(folds, a) - partsOf(folds, b));
}

/** Cuts of the longest fold whose last part is shorter. */
function unevenCuts(folds: readonly number[]): Cut[] {
  const fold = folds.indexOf(Math.max(...folds));
  const extent = folds[fold]!;
  const lengths = new Set(Array.from({ length: extent - 1 }, (_, i) => Math.ceil(extent / (i + 2))));
  return [...lengths]
    .filter((length) => length > 1)
    .map((length) => ({ fold, parts: Math.ceil(extent / length), length }));
}

function partialOf(source: Draft, reduction: Reduction, { fold, parts, length }: Cut, place: number): Draft {
  const r = source.loops.length;
  const extent = source.folds[fold]!;
  const uneven = parts * length !== extent;
  // a fold of parts·length steps, of which those past the end add nothing
  const folds = source.folds.with(fold, parts * length);
  const guarded = uneven ? withEnd({ ...source, folds }, reduction, { fold, extent }) : source;
  const d = length === folds[fold] ? guarded : splitIndex(guarded, { index: r + fold, inner: length });
  const moved = fold + 1;
  const rename = (e: Expr): Expr => {
    if (e.kind === "load") return { ...e, access: withPartsAt(e.access, { r, moved, place }) };
    if (e.kind === "loop") return e.at < place ? e : { kind: "loop", at: e.at + moved };
    if (e.kind !== "fold") return e;
    return e.at < moved ? { kind: "loop", at: place + e.at } : { kind: "fold", at: e.at - moved };
  };
  const { step } = rewriteDraft(d, rename);
  return draft({
    outType: reduction.dtype,
    loops: d.loops.toSpliced(place, 0, ...d.folds.slice(0, moved)),
    folds: d.folds.slice(moved),
    init: [{ kind: "word", word: reduction.identity }],
    step,
    done: { kind: "state", at: 0 },
  });
}

/** `moved` indices after the first r stand at `place` among those. */
const withPartsAt = (access: Access, { r, moved, place }: { r: number; moved: number; place: number }): Access => ({
  ...access,
  coordinates: access.coordinates.map((c) => {
    const own = c.coef.toSpliced(r, moved);
    return { ...c, coef: own.toSpliced(place, 0, ...c.coef.slice(r, r + moved)) };
  }),
});

/** Past the end of the fold each step adds the identity; in a plain dot product because both operands read as 0. */
function withEnd(d: Draft, reduction: Reduction, { fold, extent }: { fold: number; extent: number }): Draft {
  const dot = dotLoads(reduction);
  const isPlain = reduction.term.kind === "apply" && reduction.term.args.every((e) => e.kind === "load");
  if (dot && isPlain && dot.every((load) => load.access.elseWord === 0 && load.access.coordinates.length < 5)) {
    const coef = [...d.loops, ...d.folds].map((_, i) => (i === d.loops.length + fold ? 1 : 0));
    const guard = (access: Access): Access => ({
      ...access,
      coordinates: [...access.coordinates, { base: 0, extent, stride: 0, coef }],
    });
    return {
      ...d,
      step: rewriteDraft(d, (e) =>
        e.kind === "load" && dot.some((l) => l.access === e.access) ? { ...e, access: guard(e.access) } : e,
      ).step,
    };
  }
  const inside: Expr = {
    kind: "apply",
    op: OP.ult,
    args: [
      { kind: "fold", at: fold },
      { kind: "word", word: extent },
    ],
  };
  const none: Expr = { kind: "word", word: reduction.identity };
  const term: Expr = { kind: "apply", op: OP.select, args: [inside, reduction.term, none] };
  return { ...d, step: [{ kind: "apply", op: reduction.op, args: [{ kind: "state", at: 0 }, term] }] };
}

function finalOf(d: Draft, reduction: Reduction, cut: Cut, place: number): Kernel {
  const parts = partsOf(d.folds, cut);
  const length = product(d.loops) * parts;
  const strides = d.loops.map((_, i) => product(d.loops.slice(i + 1)) * (i < place ? parts : 1));
  const access: Access = {
    space: 2,
    index: -1,
    dtype: reduction.dtype,
    length,
    elseWord: 0,
    dynMask: 0,
    coordinates: [{ base: 0, extent: length, stride: 1, coef: [...strides, product(d.loops.slice(place))] }],
  };
  const state: Expr = { kind: "state", at: 0 };
  const step: Expr = { kind: "apply", op: reduction.op, args: [state, { kind: "load", access, offsets: [] }] };
  const one = (e: Expr): Expr => (e.kind === "load" ? { ...e, access: onlyLoops(e.access, d.loops.length) } : e);
  const { init, done } = rewriteDraft({ ...d, step: [] }, one);
  return toKernel(mergeDraft(draft({ outType: d.outType, loops: d.loops, folds: [parts], init, step: [step], done })));
}

/** `init` and `done` read at fold index 0. */
const onlyLoops = (access: Access, loops: number): Access => ({
  ...access,
  coordinates: access.coordinates.map((c) => ({ ...c, coef: [...c.coef.slice(0, loops), 0] })),
});
