import { type Access, type Kernel, product, runAlone, type Tensor, toDraft } from "@opengradient/program";
import { copiedLoad } from "./inline.ts";
import { type Module, withAccesses } from "./module.ts";
import { gatherWeight, neverOutside } from "./weights.ts";

/**
 * Instructions that folding may take in all, an element that it keeps counted as several: so many in any file, and more in
 * one that brings weights, so that each of them may be dequantised, moved and rescaled.
 */
const IN_ANY_FILE = 0x1000000;
const FOR_EACH_ELEMENT = 32;
const KEPT = 4;

/**
 * Kernels that read only weights are evaluated now, by the reference; their results become weights. What would take more
 * work than is left stays a kernel, whose results a run computes, to the same bits.
 */
export function foldConstants(module: Module): Module {
  const { program } = module;
  const elements = module.weights.reduce((sum, { dims }) => sum + product(dims), 0);
  let left = IN_ANY_FILE + FOR_EACH_ELEMENT * elements;
  const weights: Tensor[] = [...module.weights];
  const weightOf = new Map<number, number>();
  const outputs = new Set(program.outputs.map(({ kernel }) => kernel));
  const kernels = program.kernels.map((kernel, k) => {
    const next = withAccesses(kernel, (a) =>
      a.space === 2 && weightOf.has(a.index) ? { ...a, space: 1, index: weightOf.get(a.index)! } : a,
    );
    if (outputs.has(k) || next.groupSize > 1 || next.accesses.some((a) => a.space !== 1)) return next;
    const view = copiedView(next);
    const work = KEPT * product(next.loops) + (view ? 0 : instructionsOf(next));
    if (work > left) return next;
    left -= work;
    weightOf.set(k, weights.push(view ? copied(next, view, weights) : computed(next, weights)) - 1);
    return next;
  });
  const infos = weights.map((w) => ({ dtype: w.dtype, dims: w.dims }));
  return { ...module, weights, program: { ...program, kernels, weights: infos } };
}

const instructionsOf = ({ loops, folds, init, step, done }: Kernel): number =>
  product(loops) * (product(folds) * (step.length + 1) + init.length + done.length);

function computed(kernel: Kernel, weights: readonly Tensor[]): Tensor {
  const data = runAlone(kernel, (access) => weights[access.index]!);
  return { dtype: kernel.outType, dims: kernel.loops, data };
}

/** How a kernel reads that only copies: views of whole weights are too large for the reference to be waited for. */
function copiedView(kernel: Kernel): Access | undefined {
  const access = copiedLoad(toDraft(kernel))?.access;
  return access && access.dtype === kernel.outType && neverOutside(access, kernel.loops) ? access : undefined;
}

function copied(kernel: Kernel, view: Access, weights: readonly Tensor[]): Tensor {
  const all = kernel.loops.map((_, i) => i);
  return gatherWeight(weights[view.index]!, view, all, kernel.loops);
}
