import { type Module, readersOf, replaceKernels, replaceWeights } from "./module.ts";

/** Leaves out kernels and weights that no output depends on. Groups stay whole. */
export function dropDead(module: Module): Module {
  const { kernels } = module.program;
  const readers = readersOf(module.program);
  const live = kernels.map((_, k) => readers[k]! > 0);
  for (let k = kernels.length - 1; k >= 0; k--) {
    const kernel = kernels[k]!;
    if (live[k] || kernel.groupSize > 1) continue;
    for (const index of new Set(kernel.accesses.filter((a) => a.space === 2).map((a) => a.index)))
      if (--readers[index]! === 0) live[index] = false;
  }
  const kept = kernels.map((kernel, k) => ({
    kernels: live[k] || kernel.groupSize > 1 ? [kernel] : [],
    label: module.labels[k]!,
  }));
  const fewer = replaceKernels(module, kept);
  return replaceWeights(fewer, fewer.weights);
}
