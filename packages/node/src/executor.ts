import { compile, load } from "@opengradient/engine";
import type { Program, Tensor } from "@opengradient/program";

/** Runs one loaded model. */
export type Runner = {
  run(inputs: readonly Tensor[]): readonly Tensor[];
  /** packed results of all kernels */
  trace(inputs: readonly Tensor[]): readonly Uint8Array[];
};

/** Loads models; how fast it runs them is its own matter, what it gives is not. */
export type Executor = (program: Program, weights: readonly Tensor[]) => Promise<Runner>;

export const wasmExecutor: Executor = async (program, weights) => {
  const engine = await load(await compile(program), weights);
  return { run: (inputs) => engine.run(inputs), trace: (inputs) => engine.trace(inputs).results };
};

/** A model that is ready to run. */
export type LoadedModel = import("./modelFiles.ts").StoredModel & { readonly runner: Runner };
