/** Chooses how a kernel is computed, from the structure of its loops and reads alone. */
import { type Lowered, mergeAxes } from "./lower.ts";
import { plainFunction, SCALAR } from "./plain.ts";
import { planProduct } from "./productPath.ts";
import { plainShape } from "./shapes.ts";
import type { KernelPlan } from "./stages.ts";

export type Paths = "all" | "scalar";

function planPlain(kernel: Lowered, paths: Paths): KernelPlan {
  const k = mergeAxes(kernel);
  const shape = paths === "scalar" ? SCALAR : plainShape(k);
  const stage = { fn: plainFunction(k, shape), sources: k.sources, target: { kind: "result" }, atLoad: false } as const;
  const isScalar = shape.laneAxis < 0;
  return {
    path: isScalar ? "scalar" : "vectors",
    note: isScalar ? "one element at a time" : `${shape.vectors} × 4 of ${k.loops[shape.laneAxis]}`,
    buffers: [],
    stages: [stage],
  };
}

export function planKernel(kernel: Lowered, paths: Paths): KernelPlan {
  return (paths === "all" ? planProduct(kernel) : undefined) ?? planPlain(kernel, paths);
}
