/** A process of its own for one model on one runtime: what it loads, holds and needs is its alone. */
import { readFileSync } from "node:fs";
import { type Feed, feedsFor } from "./inputs.ts";
import { trackMemory } from "./memory.ts";
import type { Answer, Job, Question } from "./messages.ts";
import type { Runtime } from "./runtimes.ts";

const wasmBytes = trackMemory();
const rssBefore = process.memoryUsage.rss();

async function prepare({ runtime, model, threads }: Job): Promise<Runtime> {
  const file = new Uint8Array(readFileSync(model.path));
  const feeds: Feed[] = feedsFor(file, model);
  if (runtime === "ours") return (await import("./ours.ts")).ours(file, model, feeds, threads);
  if (runtime === "web") return (await import("./web.ts")).onWeb(file, feeds, threads);
  return (await import("./native.ts")).onNative(file, feeds, threads);
}

const now = (): number => performance.now();

function memory(): Answer {
  const gc = (globalThis as { gc?: () => void }).gc!;
  gc();
  return {
    wasm: wasmBytes(),
    buffers: process.memoryUsage().arrayBuffers,
    resident: 1024 * process.resourceUsage().maxRSS - rssBefore,
  };
}

async function answer(runtime: Runtime, question: Question): Promise<Answer> {
  if (question === "memory") return memory();
  if (question === "outputs") return { outputs: await runtime.outputs() };
  if (question === "profile") return { profile: runtime.profile?.() ?? [] };
  const run = question.committed ? runtime.committed! : runtime.run;
  const start = now();
  for (let i = 0; i < question.calls; i++) await run();
  return { ms: (now() - start) / question.calls };
}

let runtime: Runtime;
process.on("message", async (message: Job | Question) => {
  try {
    if (typeof message === "object" && "runtime" in message) {
      runtime = await prepare(message);
      process.send!({ prepared: runtime.prepared } satisfies Answer);
    } else process.send!(await answer(runtime, message));
  } catch (error) {
    process.send!({ failed: error instanceof Error ? error.message : String(error) } satisfies Answer);
  }
});
