/** Where the time of one model goes, kernel by kernel. */
import type { Model } from "./models.ts";
import { start } from "./process.ts";
import type { KernelTime } from "./runtimes.ts";

const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

function line({ kernel, path, note, ms, loops, folds, instructions, bytes }: KernelTime, total: number): string {
  const steps = product(loops) * product(folds);
  const gflops = path === "tiles" ? (2 * steps) / ms / 1e6 : 0;
  const cells = [
    String(kernel).padStart(5),
    path.padEnd(8),
    ms.toFixed(4).padStart(9),
    `${((100 * ms) / total).toFixed(1)}%`.padStart(7),
    (gflops > 0 ? gflops.toFixed(1) : "").padStart(8),
    (bytes / ms / 1e6).toFixed(2).padStart(8),
    String(instructions).padStart(6),
    `[${loops.join("×")}]${folds.length > 0 ? ` Σ[${folds.join("×")}]` : ""}`.padEnd(34),
    note,
  ];
  return cells.join(" ");
}

/** The slowest kernels, with multiply-adds (as two) and bytes a nanosecond. */
export async function printProfile(model: Model, most: number): Promise<void> {
  const candidate = await start({ runtime: "ours", threads: 1, model });
  try {
    for (let i = 0; i < 5; i++) await candidate.time(1);
    const times = await candidate.profile();
    const total = times.reduce((sum, { ms }) => sum + ms, 0);
    console.log(`${model.name}: ${times.length} kernels, ${total.toFixed(3)} ms`);
    console.log("    k path            ms   share  GFLOP/s    GB/s  instr. loops and folds                    how");
    for (const time of times.toSorted((a, b) => b.ms - a.ms).slice(0, most)) console.log(line(time, total));
  } finally {
    candidate.end();
  }
}
