/** A run with every stage in as many parts as it can have, backwards: as threads might share it at worst. */
import { resultElements, widthOf } from "@opengradient/program";
import { wasm } from "../src/host.ts";
import type { Compiled } from "../src/index.ts";
import { newMemory, placeWeights, prepareSteps, type Session } from "../src/prepare.ts";
import { type KernelFunction, type Step, schedule } from "../src/schedule.ts";
import type { Case } from "./builders.ts";

const THREADS = 5;

const long = (step: Step): Step => ({ ...step, calls: step.calls.map((call) => ({ ...call, nanoseconds: 1e9 })) });

/** Results of all kernels; `most`: parts of the stage that had most. */
export async function runInParts(
  compiled: Compiled,
  { weights, inputs }: Pick<Case, "weights" | "inputs">,
): Promise<{ readonly results: Uint8Array[]; readonly most: number }> {
  const memory = newMemory(compiled);
  const { exports } = await wasm.instantiate(compiled.module, { env: { memory } });
  const session: Session = { compiled, memory, functions: (fn) => exports[`f${fn}`] as KernelFunction };
  placeWeights(session, weights);
  const { all } = prepareSteps(session);
  const { chunks, ends } = schedule(all.map(long), THREADS, true);
  const bytes = new Uint8Array(memory.buffer);
  inputs.forEach((tensor, i) => {
    bytes.set(tensor.data, compiled.layout.inputs[i]!);
  });
  const results: Uint8Array[] = [];
  let most = 0;
  for (let start = 0, step = 0; start < chunks.length; ) {
    let end = start + 1;
    while (end < chunks.length && chunks[end]!.ready === chunks[start]!.ready) end++;
    most = Math.max(most, end - start);
    for (const { pieces } of chunks.slice(start, end).reverse())
      for (const { from, to, calls } of pieces)
        for (let t = from; t < to; t++)
          for (const [fn, frame, part, parts] of calls) session.functions(fn)(frame, t, part, parts);
    start = end;
    if (ends[step] !== end) continue;
    const { first, kernels } = all[step++]!;
    for (let k = first; k < first + kernels; k++) {
      const kernel = compiled.program.kernels[k]!;
      const at = compiled.layout.results[k]!;
      results.push(bytes.slice(at, at + resultElements(kernel) * widthOf(kernel.outType)));
    }
  }
  return { results, most };
}
