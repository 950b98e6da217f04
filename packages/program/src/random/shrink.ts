/** The smallest Program that still fails: kernels, extents and code are taken away for as long as it does. */
import { type Draft, DraftError, type Expr, segments, toDraft, toKernel, visit } from "../draft.ts";
import { ProgramError } from "../errors.ts";
import { resultElements, SPACE } from "../kernel.ts";
import type { Kernel, Program } from "../types.ts";
import { validateProgram } from "../validate.ts";

/** Greedy: every step is a valid Program on the same inputs and weights, and `fails` holds for it. */
export async function shrink(program: Program, fails: (p: Program) => boolean | Promise<boolean>): Promise<Program> {
  let smallest = program;
  for (let next: Program | undefined = program; next !== undefined; smallest = next ?? smallest)
    next = await firstFailing(smallest, fails);
  return smallest;
}

async function firstFailing(
  program: Program,
  fails: (p: Program) => boolean | Promise<boolean>,
): Promise<Program | undefined> {
  for (const candidate of smaller(program)) if (await fails(candidate)) return candidate;
  return undefined;
}

/** Valid Programs with something less, the largest cuts first. */
function* smaller(program: Program): Generator<Program> {
  const { kernels } = program;
  for (let k = 1; k < kernels.length; k++) yield* valid(program, () => kernels.slice(0, k));
  for (const k of kernels.keys()) yield* valid(program, () => without(kernels, k));
  for (const [k, kernel] of kernels.entries())
    for (const make of changesOf(kernel)) yield* valid(program, () => kernels.with(k, make()));
}

function* valid(program: Program, make: () => readonly Kernel[] | undefined): Generator<Program> {
  try {
    const kernels = make();
    if (kernels === undefined || kernels.length === 0) return;
    const agreeing = kernels.map((kernel) => readingOf(kernel, kernels));
    const last = agreeing.at(-1)!;
    const candidate = { ...program, kernels: agreeing, outputs: [{ kernel: kernels.length - 1, dims: last.loops }] };
    validateProgram(candidate);
    yield candidate;
  } catch (cause) {
    if (!(cause instanceof ProgramError || cause instanceof DraftError)) throw cause;
  }
}

/** Accesses say what the kernels that they read write by now. */
const readingOf = (kernel: Kernel, kernels: readonly Kernel[]): Kernel => ({
  ...kernel,
  accesses: kernel.accesses.map((access) => {
    const writer = access.space === SPACE.result ? kernels[access.index] : undefined;
    return writer ? { ...access, dtype: writer.outType, length: resultElements(writer) } : access;
  }),
});

/** Without kernel k, which nothing else may read. */
function without(kernels: readonly Kernel[], k: number): readonly Kernel[] | undefined {
  const reads = (kernel: Kernel): boolean => kernel.accesses.some((a) => a.space === SPACE.result && a.index === k);
  const gone = kernels[k]!;
  if (kernels.some((kernel, i) => i !== k && reads(kernel))) return undefined;
  const first = k - gone.groupPos;
  return kernels.flatMap((kernel, i) => {
    if (i === k) return [];
    const accesses = kernel.accesses.map((a) =>
      a.space === SPACE.result && a.index > k ? { ...a, index: a.index - 1 } : a,
    );
    const inGroup = i >= first && i < first + gone.groupSize;
    const groupPos = inGroup && i > k ? kernel.groupPos - 1 : kernel.groupPos;
    return [{ ...kernel, accesses, groupPos, groupSize: inGroup ? kernel.groupSize - 1 : kernel.groupSize }];
  });
}

/** The kernel with shorter loops and folds, or less code. */
function changesOf(kernel: Kernel): (() => Kernel)[] {
  const d = toDraft(kernel);
  const nodes: Expr[] = [];
  visit(segments(d), (e) => nodes.push(e));
  const shorter = (key: "loops" | "folds") =>
    d[key].flatMap((extent, i) => shorterExtents(extent).map((e) => (): Draft => ({ ...d, [key]: d[key].with(i, e) })));
  const simpler = nodes.reverse().flatMap((e) => simplerThan(e).map((by) => (): Draft => replaced(d, e, by)));
  return [...shorter("loops"), ...shorter("folds"), ...simpler].map((make) => () => toKernel(make()));
}

/** An extent of 1 is none. */
const shorterExtents = (extent: number): number[] =>
  [1, 2, extent >> 1, extent - 1].filter((e, i, all) => e > 0 && e < extent && all.indexOf(e) === i);

function simplerThan(e: Expr): Expr[] {
  const zero: Expr = { kind: "word", word: 0 };
  if (e.kind === "word") return e.word === 0 ? [] : [zero];
  if (e.kind === "apply") return [zero, ...e.args];
  if (e.kind !== "load") return [zero];
  const { access, offsets } = e;
  const fewer = access.coordinates.map((_, j) => ({
    ...access,
    coordinates: access.coordinates.filter((_, other) => other !== j),
  }));
  if (offsets.length > 0) return [zero, ...offsets, { ...e, access: { ...access, dynMask: 0 }, offsets: [] }];
  return [zero, ...fewer.map((simple): Expr => ({ ...e, access: simple }))];
}

function replaced(d: Draft, target: Expr, by: Expr): Draft {
  const seen = new Map<Expr, Expr>();
  const walk = (e: Expr): Expr => {
    if (e === target) return by;
    const known = seen.get(e);
    if (known !== undefined) return known;
    let next = e;
    if (e.kind === "apply") next = { ...e, args: e.args.map(walk) };
    else if (e.kind === "load") next = { ...e, offsets: e.offsets.map(walk) };
    seen.set(e, next);
    return next;
  };
  return { ...d, init: d.init.map(walk), step: d.step.map(walk), done: walk(d.done) };
}
