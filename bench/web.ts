/** onnxruntime-web: WebAssembly with SIMD. */
import * as web from "onnxruntime-web";
import { type Feed, numbersOf, ortData } from "./inputs.ts";
import type { Runtime } from "./runtimes.ts";

export async function onWeb(file: Uint8Array, feeds: readonly Feed[], threads: number): Promise<Runtime> {
  const start = performance.now();
  web.env.wasm.numThreads = threads;
  web.env.logLevel = "error";
  const session = await web.InferenceSession.create(file, { executionProviders: ["wasm"], logSeverityLevel: 3 });
  const load = performance.now() - start;
  const tensors = Object.fromEntries(
    feeds.map((feed) => [feed.name, new web.Tensor(feed.type, ortData(feed) as never, feed.dims)]),
  );
  return {
    prepared: { import: 0, load, kernels: 0, note: "" },
    run: () => session.run(tensors),
    outputs: async () => {
      const results = await session.run(tensors);
      return session.outputNames.map((name) => numbersOf(results[name]!.data));
    },
  };
}
