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
  factsOf,
  type Kernel,
  MAX_BYTES,
  MAX_GAS,
  OP,
  type ProgramFacts,
  product,
  rewriteDraft,
  toDraft,
  toKernel,
} from "@opengradient/program";
import { splitIndex } from "./align.ts";
import { mergeDraft } from "./mergeLoops.ts";
import { isRecurrent, type Module, replaceKernels } from "./module.ts";
import { dotLoads, type Reduction, reductionOf } from "./reduction.ts";

export function split(module: Module): Module {
  const wide = wideFacts(factsOf(module.program));
  const replacements = module.program.kernels.map((kernel, k) => ({
    kernels: isRecurrent(kernel, k) ? [kernel] : splitKernel(wide, k, kernel),
    label: module.labels[k]!,
  }));
  return replaceKernels(module, replacements);
}

/** Parts and copies make the program's tree deeper: costs are taken for twice as many kernels. */
export const wideFacts = (facts: ProgramFacts): ProgramFacts => ({
  ...facts,
  kernels: [...facts.kernels, ...facts.kernels],
});

export function fits(facts: ProgramFacts, k: number, kernel: Kernel): boolean {
  const { gas, bytes } = costOf(facts, k, kernel);
  return gas <= MAX_GAS && bytes <= MAX_BYTES;
}

export function splitKernel(facts: ProgramFacts, k: number, kernel: Kernel): Kernel[] {
  const d = toDraft(kernel);
  const reduction = reductionOf(d);
  if (fits(facts, k, kernel) || reduction === undefined) return [kernel];
  for (const cut of [...evenCuts(d.folds), ...unevenCuts(d.folds)]) {
    const partial = toKernel(mergeDraft(partialOf(d, reduction, cut)));
    if (fits(facts, k, partial)) return [partial, ...splitKernel(facts, k, finalOf(d, reduction, partial, cut))];
  }
  return [kernel];
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

function partialOf(source: Draft, reduction: Reduction, { fold, parts, length }: Cut): Draft {
  const r = source.loops.length;
  const extent = source.folds[fold]!;
  const uneven = parts * length !== extent;
  // a fold of parts·length steps, of which those past the end add nothing
  const folds = source.folds.with(fold, parts * length);
  const guarded = uneven ? withEnd({ ...source, folds }, reduction, { fold, extent }) : source;
  const d = length === folds[fold] ? guarded : splitIndex(guarded, { index: r + fold, inner: length });
  const moved = fold + 1;
  const rename = (e: Expr): Expr => {
    if (e.kind !== "fold") return e;
    return e.at < moved ? { kind: "loop", at: r + e.at } : { kind: "fold", at: e.at - moved };
  };
  const { step } = rewriteDraft(d, rename);
  return draft({
    outType: reduction.dtype,
    loops: [...d.loops, ...d.folds.slice(0, moved)],
    folds: d.folds.slice(moved),
    init: [{ kind: "word", word: reduction.identity }],
    step,
    done: { kind: "state", at: 0 },
  });
}

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

function finalOf(d: Draft, reduction: Reduction, partial: Kernel, cut: Cut): Kernel {
  const parts = partsOf(d.folds, cut);
  const strides = d.loops.map((_, i) => product(d.loops.slice(i + 1)) * parts);
  const access: Access = {
    space: 2,
    index: -1,
    dtype: reduction.dtype,
    length: product(partial.loops),
    elseWord: 0,
    dynMask: 0,
    coordinates: [{ base: 0, extent: product(partial.loops), stride: 1, coef: [...strides, 1] }],
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
