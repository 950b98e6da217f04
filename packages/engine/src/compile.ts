import { type Program, SPACE, validateProgram } from "@opengradient/program";
import { addFunction, encodeModule, newModule } from "./emit.ts";
import { EngineError } from "./errors.ts";
import { cores, type WasmModule, wasm, whyNoThreads } from "./host.ts";
import { readBounds } from "./intervals.ts";
import { type Layout, layOut } from "./layout.ts";
import { lowerKernel } from "./lower.ts";
import { originsOf } from "./origins.ts";
import { type Paths, planKernel } from "./paths.ts";
import { WORTH_SHARING } from "./schedule.ts";
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
  /** threads that share a run, this one included; by default 1, "auto" for what pays. Never changes a bit. */
  readonly threads?: number | "auto";
};

const MOST_THREADS = 64;
/** Of "auto": other programs want to live too, and memory feeds few. */
const MOST_BY_ITSELF = 4;
/** Nanoseconds of a run that pay for one thread: to start it takes tens of milliseconds, to call it some microseconds. */
const WORTH_A_THREAD = 2_000_000;

/** Of a run on one thread, roughly, what others could take a part of. */
function sharedNanoseconds(program: Program, plans: readonly KernelPlan<Stage>[]): number {
  const ofKernel = ({ stages }: KernelPlan<Stage>, k: number): number => {
    const shared = stages.filter(
      ({ atLoad, blocks, nanoseconds }) => !atLoad && blocks > 1 && nanoseconds >= WORTH_SHARING,
    );
    const slices = runsInSlices(program, k) ? program.kernels[k]!.loops[0]! : 1;
    return slices * shared.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0);
  };
  return plans.map(ofKernel).reduce((sum, nanoseconds) => sum + nanoseconds, 0);
}

function threadsFor(program: Program, plans: readonly KernelPlan<Stage>[], wanted: number | "auto"): number {
  if (wanted !== "auto") return Math.min(Math.floor(wanted), MOST_THREADS);
  return Math.min(Math.floor(sharedNanoseconds(program, plans) / WORTH_A_THREAD), cores(), MOST_BY_ITSELF);
}

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
  const lowered = program.kernels.map((kernel, index) => lowerKernel({ index, kernel }, runsInSlices(program, index)));
  const before = { origins: originsOf(lowered), bounds: readBounds(lowered) };
  const plans = lowered.map((kernel) => planKernel(kernel, paths, before));
  const fitting = Math.max(1, threadsFor(program, plans, wanted));
  const missing = fitting > 1 ? whyNoThreads() : undefined;
  const threads = missing === undefined ? fitting : 1;
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
