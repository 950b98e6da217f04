/** A thread of an engine: gets its module, its memory and the schedules, then serves runs until it is ended. */
import { listen, parentPort, type WasmMemory, type WasmModule, wasm } from "./host.ts";
import { type KernelFunction, type Schedule, tasksOf } from "./schedule.ts";
import { serve } from "./tickets.ts";

export type WorkerTask = {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly control: Int32Array;
  readonly schedules: readonly Schedule[];
};

async function work({ module, memory, control, schedules }: WorkerTask): Promise<never> {
  const { exports } = await wasm.instantiate(module, { env: { memory } });
  const tasks = schedules.map((schedule) => tasksOf(schedule, (fn) => exports[`f${fn}`] as KernelFunction));
  parentPort().postMessage("ready");
  return serve(control, tasks);
}

listen(parentPort(), "message", (task) => void work(task as WorkerTask));
