import type { Program } from "@opengradient/program";
import { type Module, replaceKernels, replaceWeights } from "./module.ts";

/** Leaves out kernels and weights that no output depends on. Groups stay whole, or go whole. */
export function dropDead(module: Module): Module {
  const live = liveKernels(module.program);
  const kept = module.program.kernels.map((kernel, k) => ({
    kernels: live[k] ? [kernel] : [],
    label: module.labels[k]!,
  }));
  const fewer = replaceKernels(module, kept);
  return replaceWeights(fewer, fewer.weights);
}

function liveKernels({ kernels, outputs }: Program): boolean[] {
  const live = kernels.map(() => false);
  for (const { kernel } of outputs) live[kernel] = true;
  let last = kernels.length - 1;
  while (last >= 0) {
    const first = last - kernels[last]!.groupPos;
    if (live.slice(first, last + 1).includes(true))
      for (let k = first; k <= last; k++) {
        live[k] = true;
        for (const { space, index } of kernels[k]!.accesses) if (space === 2) live[index] = true;
      }
    last = first - 1;
  }
  return live;
}
