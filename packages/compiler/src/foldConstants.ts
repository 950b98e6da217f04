import { runAlone, type Tensor } from "@opengradient/program";
import { type Module, withAccesses } from "./module.ts";

/** Kernels that read only weights are evaluated now, by the reference; their results become weights. */
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
    const data = runAlone(next, (access) => weights[access.index]!);
    const dims = next.loops.length === 0 ? [1] : next.loops;
    weightOf.set(k, weights.push({ dtype: next.outType, dims, data }) - 1);
    return next;
  });
  const infos = weights.map((w) => ({ dtype: w.dtype, dims: w.dims }));
  return { ...module, weights, program: { ...program, kernels, weights: infos } };
}
