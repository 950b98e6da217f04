/** Chooses how a kernel is computed, from the structure of its loops and reads alone. */
import type { Lowered } from "./lower.ts";
import { planPlain, planScalar } from "./plainPath.ts";
import { type Before, planProduct } from "./productPath.ts";
import type { KernelPlan } from "./stages.ts";

/** "all", or "scalar" to have every kernel computed one element at a time. */
export type Paths = "all" | "scalar";

export const planKernel = (kernel: Lowered, paths: Paths, before: Before): KernelPlan =>
  paths === "scalar" ? planScalar(kernel) : (planProduct(kernel, before) ?? planPlain(kernel));
