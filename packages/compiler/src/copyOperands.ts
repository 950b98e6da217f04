/**
 * A fold that strides through an operand touches a leaf at every step, so that it can only be proved in many parts, or not
 * at all. Where one copy of the operand, in the order of the fold, makes fewer elements than the parts would, the fold reads
 * such a copy. What is read with padding is copied with it.
 * Comes after `fuse`, which would compose the copy back into its reader. No bit changes: every fold keeps its order.
 */
import {
  type Access,
  draft,
  type Kernel,
  narrow,
  type ProgramFacts,
  product,
  resultElements,
  rewriteDraft,
  toDraft,
  toKernel,
  visit,
} from "@opengradient/program";
import { sameAccess } from "./inline.ts";
import { mergeDraft } from "./mergeLoops.ts";
import { type Module, rewriteKernels } from "./module.ts";
import { fits, splitKernel } from "./split.ts";
import { foldOrdered, neverOutside } from "./weights.ts";

export const copyOperands = (module: Module): Module => rewriteKernels(module, withCopies);

/** The kernel, or with one or all of its strided operands copied first: whichever makes the fewest elements. */
function withCopies(facts: ProgramFacts, k: number, kernel: Kernel): Kernel[] {
  if (fits(facts, k, kernel)) return [kernel];
  const strided = stridedReads(kernel);
  const choices = [[], ...strided.map((access) => [access]), ...(strided.length > 1 ? [strided] : [])];
  let best = { kernels: [kernel], made: Number.POSITIVE_INFINITY };
  for (const accesses of choices) {
    const kernels = copyFirst(kernel, accesses);
    const made = elementsMade(facts, k, kernels);
    if (made < best.made) best = { kernels, made };
  }
  return best.kernels;
}

/** Elements of copies and of the parts of the kernel after them; infinite when no parts fit. */
function elementsMade(facts: ProgramFacts, k: number, kernels: readonly Kernel[]): number {
  const parts = splitKernel(facts, k, kernels.at(-1)!);
  if (!parts.every((part) => fits(facts, k, part))) return Number.POSITIVE_INFINITY;
  return [...kernels.slice(0, -1), ...parts].reduce((sum, part) => sum + resultElements(part), 0);
}

/** The most loops that a kernel may have. */
const MAX_LOOPS = 8;

/** What the step reads at run time, not as it lies in memory. Weights are in order already. A copy holds the else-word too. */
function stridedReads(kernel: Kernel): Access[] {
  const d = toDraft(kernel);
  const extents = [...d.loops, ...d.folds];
  const found: Access[] = [];
  visit(d.step, (e) => {
    if (e.kind !== "load" || e.access.space === 1 || e.access.dynMask !== 0) return;
    const { dtype, elseWord } = e.access;
    if (!neverOutside(e.access, extents) && narrow(dtype, elseWord) !== (elseWord | 0)) return;
    if (found.some((access) => sameAccess(access, e.access))) return;
    const ordered = foldOrdered(e.access, extents);
    if (!ordered.already && ordered.used.length <= MAX_LOOPS) found.push(e.access);
  });
  return found;
}

/** Copies of what `accesses` read, each element once, and the kernel whose step reads those. */
function copyFirst(kernel: Kernel, accesses: readonly Access[]): Kernel[] {
  const d = toDraft(kernel);
  const extents = [...d.loops, ...d.folds];
  const ordered = accesses.map((access) => foldOrdered(access, extents));
  const copies = accesses.map((access, i) => {
    const { used, dims } = ordered[i]!;
    const coordinates = access.coordinates.map((c) => ({ ...c, coef: used.map((at) => c.coef[at]!) }));
    const done = { kind: "load", access: { ...access, coordinates }, offsets: [] } as const;
    return toKernel(mergeDraft(draft({ outType: access.dtype, loops: dims, folds: [], init: [], step: [], done })));
  });
  const { step } = rewriteDraft(d, (e) => {
    const i = e.kind === "load" ? accesses.findIndex((access) => sameAccess(access, e.access)) : -1;
    if (e.kind !== "load" || i < 0) return e;
    const { dims, coordinates } = ordered[i]!;
    const access: Access = { ...e.access, space: 2, index: i - accesses.length, length: product(dims), coordinates };
    return { ...e, access };
  });
  return [...copies, toKernel({ ...d, step })];
}
