import { type Kernel, product, runAlone, type Tensor, toDraft } from "@opengradient/program";
import { copiedLoad } from "./inline.ts";
import { type Module, withAccesses } from "./module.ts";
import { gatherWeight, neverOutside } from "./weights.ts";

/** Steps that evaluating one kernel may take, and elements of a view that becomes a weight although it repeats elements. */
const MAX_STEPS = 0x1000000;

/** Kernels that read only weights are evaluated now, by the reference; their results become weights. Very long ones stay. */
export function foldConstants(module: Module): Module {
  const { program } = module;
  const weights: Tensor[] = [...module.weights];
  const weightOf = new Map<number, number>();
  const outputs = new Set(program.outputs.map(({ kernel }) => kernel));
  const kernels = program.kernels.map((kernel, k) => {
    const next = withAccesses(kernel, (a) =>
      a.space === 2 && weightOf.has(a.index) ? { ...a, space: 1, index: weightOf.get(a.index)! } : a,
    );
    if (outputs.has(k) || next.groupSize > 1 || next.accesses.some((a) => a.space !== 1)) return next;
    const weight = copied(next, weights) ?? computed(next, weights);
    if (weight !== undefined) weightOf.set(k, weights.push(weight) - 1);
    return next;
  });
  const infos = weights.map((w) => ({ dtype: w.dtype, dims: w.dims }));
  return { ...module, weights, program: { ...program, kernels, weights: infos } };
}

function computed(kernel: Kernel, weights: readonly Tensor[]): Tensor | undefined {
  if (product(kernel.loops) * product(kernel.folds) > MAX_STEPS) return undefined;
  const data = runAlone(kernel, (access) => weights[access.index]!);
  return { dtype: kernel.outType, dims: kernel.loops, data };
}

/** Views of whole weights are too large for the reference to be waited for. */
function copied(kernel: Kernel, weights: readonly Tensor[]): Tensor | undefined {
  const load = copiedLoad(toDraft(kernel));
  if (load === undefined || load.access.dtype !== kernel.outType || !neverOutside(load.access, kernel.loops))
    return undefined;
  if (product(kernel.loops) > Math.max(load.access.length, MAX_STEPS)) return undefined;
  const all = kernel.loops.map((_, i) => i);
  return gatherWeight(weights[load.access.index]!, load.access, all, kernel.loops);
}
