import { compile, load } from "@opengradient/engine";
import type { Program, Tensor } from "@opengradient/program";

/** Runs one loaded model. */
export type Runner = {
  run(inputs: readonly Tensor[]): readonly Tensor[];
  /** packed results of all kernels */
  trace(inputs: readonly Tensor[]): readonly Uint8Array[];
  /** Ends its threads, if it has some. */
  close(): void;
};

/** Loads models; how fast it runs them is its own matter, what it gives is not. */
export type Executor = (program: Program, weights: readonly Tensor[]) => Promise<Runner>;

/** On as many threads as pay. */
export const wasmExecutor: Executor = async (program, weights) => {
  const engine = await load(await compile(program, { threads: "auto" }), weights);
  const { run, close } = engine;
  return { run, trace: (inputs) => engine.trace(inputs).results, close };
};

/** A model that is ready to run. */
export type LoadedModel = import("./modelFiles.ts").StoredModel & { readonly runner: Runner };
