/** The other threads of an engine. */
import { type HostWorker, listen, workerClass } from "./host.ts";
import type { WorkerTask } from "./worker.ts";

export type Pool = { readonly workers: readonly HostWorker[]; readonly close: () => void };

function ready(worker: HostWorker): Promise<void> {
  return new Promise((resolve, reject) => {
    listen(worker, "message", () => resolve());
    listen(worker, "error", (cause) => reject(new Error("a thread did not start", { cause })));
  });
}

/** Starts `count` threads, which serve until `close`. They do not keep a process from ending. @throws Error when one fails */
export async function startPool(count: number, task: WorkerTask): Promise<Pool> {
  const Worker = workerClass()!;
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  );
  const close = (): void => {
    for (const worker of workers) worker.terminate();
  };
  try {
    const started = workers.map(ready);
    for (const worker of workers) worker.postMessage(task);
    await Promise.all(started);
  } catch (cause) {
    close();
    throw cause;
  }
  for (const worker of workers) worker.unref?.();
  return { workers, close };
}
