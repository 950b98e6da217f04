import { type Module, PASSES } from "@opengradient/compiler";
import { compile, load } from "@opengradient/engine";
import {
  foldSteps,
  outputsOf,
  ProgramError,
  resultElements,
  runDouble,
  runReference,
  type Tensor,
} from "@opengradient/program";

/** How far f32 is from double precision, over the greatest value of each output; the worst output. */
export type Rounding = { readonly after: string; readonly error: number };

/** Steps of kernels that a run in double precision may take: some seconds. */
const MOST_STEPS = 10_000_000;

/**
 * The module as it was imported, and after each pass that changes the order of sums, against one run of it in double precision.
 * Undefined where that would take too long, or where no output is of reals.
 */
export async function roundingOf(
  imported: Module,
  inputs: readonly Tensor[],
): Promise<readonly Rounding[] | undefined> {
  const { kernels, outputs } = imported.program;
  const steps = kernels.reduce((sum, kernel) => sum + foldSteps(kernel) * resultElements(kernel), 0);
  if (steps > MOST_STEPS || outputs.every(({ kernel }) => kernels[kernel]!.outType !== 0)) return undefined;
  const results = runDouble(imported.program, imported.weights, inputs);
  const exact = outputs.map(({ kernel }) => results[kernel]!);
  const found = [{ after: "import", error: await errorOf(imported, inputs, exact) }];
  let module = imported;
  for (const pass of PASSES) {
    module = pass.run(module);
    if (pass.kind === "reassociating") found.push({ after: pass.name, error: await errorOf(module, inputs, exact) });
  }
  return found;
}

async function errorOf(module: Module, inputs: readonly Tensor[], exact: readonly Float64Array[]): Promise<number> {
  const outputs = await run(module, inputs);
  const errors = outputs.map(({ dtype, data }, i) => {
    if (dtype !== 0) return 0;
    const got = new Float32Array(data.slice().buffer);
    const greatest = exact[i]!.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const off = exact[i]!.reduce((most, x, e) => Math.max(most, Math.abs(x - got[e]!)), 0);
    return off === 0 ? 0 : off / greatest;
  });
  return Math.max(...errors);
}

/** The engine takes no Program that is over budget, as most are before their folds are split. */
async function run({ program, weights }: Module, inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
  try {
    return (await load(await compile(program), weights)).run(inputs);
  } catch (cause) {
    if (!(cause instanceof ProgramError)) throw cause;
    return outputsOf(program, runReference(program, weights, inputs));
  }
}
