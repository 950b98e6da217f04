import { type Program, SPACE, validateProgram } from "@opengradient/program";
import { addFunction, encodeModule, newModule } from "./emit.ts";
import { EngineError } from "./errors.ts";
import { type WasmModule, wasm, whyNoThreads } from "./host.ts";
import { readBounds } from "./intervals.ts";
import { type Layout, layOut } from "./layout.ts";
import { lowerKernel } from "./lower.ts";
import { originsOf } from "./origins.ts";
import { type Paths, planKernel } from "./paths.ts";
import type { KernelPlan, PathName, Stage } from "./stages.ts";

export type Compiled = {
  readonly program: Program;
  readonly module: WasmModule;
  readonly plans: readonly KernelPlan<Stage>[];
  /** number of the exported function, by kernel and stage */
  readonly functions: readonly (readonly number[])[];
  readonly layout: Layout;
  /** threads that a run will have, unless they do not start; and why they are fewer than asked for, else "" */
  readonly threads: number;
  readonly threadsNote: string;
};

export type CompileOptions = {
  /** "scalar": one element at a time everywhere, to compare the fast paths with */
  readonly paths?: Paths;
  /** threads that share a run, this one included; by default 1. Never changes a bit. */
  readonly threads?: number;
};

const MOST_THREADS = 64;

export function runsInSlices(program: Program, k: number): boolean {
  const kernel = program.kernels[k]!;
  return kernel.groupSize > 1 || kernel.accesses.some((a) => a.space === SPACE.result && a.index === k);
}

/** Functions under construction are large; once the module is made they are not kept. */
const withoutCode = (plan: KernelPlan): KernelPlan<Stage> => ({
  ...plan,
  stages: plan.stages.map(({ fn: _, ...stage }) => stage),
});

/**
 * A Program as a WebAssembly module.
 * @throws ProgramError (of `program`) unless the Program is valid
 * @throws EngineError "memory" when it needs more than 4 GiB, "simd" when this machine has no WebAssembly SIMD
 */
export async function compile(
  program: Program,
  { paths = "all", threads: wanted = 1 }: CompileOptions = {},
): Promise<Compiled> {
  validateProgram(program);
  const missing = wanted > 1 ? whyNoThreads() : undefined;
  const threads = missing === undefined ? Math.max(1, Math.min(Math.floor(wanted), MOST_THREADS)) : 1;
  const lowered = program.kernels.map((kernel, index) => lowerKernel({ index, kernel }, runsInSlices(program, index)));
  const before = { origins: originsOf(lowered), bounds: readBounds(lowered) };
  const plans = lowered.map((kernel) => planKernel(kernel, paths, before));
  const layout = layOut(program, plans);
  const builder = newModule();
  const functions = plans.map((plan) => plan.stages.map((stage) => addFunction(builder, stage.fn)));
  for (const index of new Set(functions.flat())) builder.exports.set(`f${index}`, index);
  const module = await wasm.compile(encodeModule(builder, layout.pages, threads > 1)).catch((cause: unknown) => {
    throw new EngineError("simd", "this machine refuses the module: WebAssembly with SIMD is needed", { cause });
  });
  return {
    program,
    module,
    plans: plans.map(withoutCode),
    functions,
    layout,
    threads,
    threadsNote: missing ? `one thread only: ${missing}` : "",
  };
}

export type KernelPath = { readonly kernel: number; readonly path: PathName; readonly note: string };

/** How each kernel is computed. */
export const plan = ({ plans }: Compiled): KernelPath[] =>
  plans.map(({ path, note }, kernel) => ({ kernel, path, note }));
