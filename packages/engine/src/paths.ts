/** Chooses how a kernel is computed, from the structure of its loops and reads alone. */
import type { Lowered } from "./lower.ts";
import type { Origins } from "./origins.ts";
import { planPlain, planScalar } from "./plainPath.ts";
import { planProduct } from "./productPath.ts";
import type { KernelPlan } from "./stages.ts";

/** "all", or "scalar" to have every kernel computed one element at a time. */
export type Paths = "all" | "scalar";

export const planKernel = (kernel: Lowered, paths: Paths, origins: Origins): KernelPlan =>
  paths === "scalar" ? planScalar(kernel) : (planProduct(kernel, origins) ?? planPlain(kernel));
