/** Our engine. What it starts from is a Program: importing and compiling an ONNX file happens once, when it is published. */
import { compile as compileModule } from "@opengradient/compiler";
import { type Compiled, compile, type Engine, load, plan } from "@opengradient/engine";
import { importGraph } from "@opengradient/onnx";
import { elementsOf, resultElements, sourcesOf, type Tensor, tensorsRoot, widthOf } from "@opengradient/program";
import { type Feed, importOptions, numbersOf, tensorsFor } from "./inputs.ts";
import type { Model } from "./models.ts";
import type { KernelTime, Runtime } from "./runtimes.ts";

const ARRAYS = [Float32Array, Int32Array, Int8Array, Uint8Array] as const;

const PROFILED_RUNS = 15;

function profileOf(compiled: Compiled, engine: Engine, inputs: readonly Tensor[]): KernelTime[] {
  const { program } = compiled;
  const best = program.kernels.map(() => Number.POSITIVE_INFINITY);
  for (let i = 0; i < PROFILED_RUNS; i++) {
    engine.profile(inputs).forEach((ms, k) => {
      best[k] = Math.min(best[k]!, ms);
    });
  }
  return plan(compiled).map(({ kernel, path, note }): KernelTime => {
    const k = program.kernels[kernel]!;
    const bytes = sourcesOf(k, kernel).reduce((sum, { space, index }) => {
      if (space === 2) return sum + resultElements(program.kernels[index]!) * widthOf(program.kernels[index]!.outType);
      const info = (space === 0 ? program.inputs : program.weights)[index]!;
      return sum + elementsOf(info) * widthOf(info.dtype);
    }, 0);
    const instructions = k.init.length + k.step.length + k.done.length;
    return { kernel, path, note, ms: best[kernel]!, loops: k.loops, folds: k.folds, instructions, bytes };
  });
}

export async function ours(file: Uint8Array, model: Model, feeds: readonly Feed[], threads: number): Promise<Runtime> {
  const t0 = performance.now();
  const imported = importGraph(file, importOptions(feeds, model));
  const module = compileModule(imported);
  const t1 = performance.now();
  const compiled = await compile(module.program, { threads });
  const engine = await load(compiled, module.weights);
  const t2 = performance.now();
  const inputs = tensorsFor(feeds, imported.inputs, module.program);
  const kernels = module.program.kernels.length;
  return {
    prepared: { import: t1 - t0, load: t2 - t1, kernels, note: engine.threadsNote },
    run: async () => engine.run(inputs),
    committed: async () => tensorsRoot(engine.run(inputs)),
    outputs: async () =>
      engine.run(inputs).map(({ dtype, data }) => numbersOf(new ARRAYS[dtype]!(data.slice().buffer))),
    profile: () => profileOf(compiled, engine, inputs),
  };
}
