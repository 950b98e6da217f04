/** onnxruntime-node: native code. */
import * as native from "onnxruntime-node";
import { type Feed, numbersOf, ortData } from "./inputs.ts";
import type { Runtime } from "./runtimes.ts";

export async function onNative(file: Uint8Array, feeds: readonly Feed[], threads: number): Promise<Runtime> {
  const start = performance.now();
  const session = await native.InferenceSession.create(file, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
  });
  const load = performance.now() - start;
  const tensors = Object.fromEntries(
    feeds.map((feed) => [feed.name, new native.Tensor(feed.type, ortData(feed) as never, feed.dims)]),
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
