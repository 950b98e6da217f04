/** One model on all runtimes. */
import { interleave, ratioOf, type Timing } from "./measure.ts";
import type { Memory, RuntimeName } from "./messages.ts";
import type { Kind, Model } from "./models.ts";
import { type Candidacy, start } from "./process.ts";
import type { Prepared } from "./runtimes.ts";

export type Ratio = ReturnType<typeof ratioOf>;

export type Measured = {
  /** milliseconds a run */
  readonly first: number;
  readonly median: number;
  readonly best: number;
  readonly prepared: Prepared;
  readonly memory: Memory;
};

export type Row = {
  readonly name: string;
  readonly kind: Kind;
  /** by runtime and threads: "ours 1", "web 2", … */
  readonly measured: Readonly<Record<string, Measured>>;
  /** ours with the commitment of the outputs, milliseconds */
  readonly committed: { readonly median: number; readonly best: number };
  /** how many times as fast ours is, by thread: 1 against 1, 2 against 2 */
  readonly overWeb: Readonly<Record<string, Ratio>>;
  readonly overNode: Readonly<Record<string, Ratio>>;
  /** how many times as fast with two threads */
  readonly twoThreads: Ratio | undefined;
  /** largest difference between our outputs and onnxruntime-web's, relative to the largest output */
  readonly difference: number;
};

function differenceOf(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number {
  let largest = 0;
  let difference = 0;
  a.forEach((x, i) => {
    const y = b[i]!;
    if (x.length !== y.length) throw new Error(`output ${i} has ${x.length} elements, onnxruntime-web's ${y.length}`);
    for (let j = 0; j < x.length; j++) {
      largest = Math.max(largest, Math.abs(y[j]!));
      difference = Math.max(difference, Math.abs(x[j]! - y[j]!));
    }
  });
  return largest === 0 ? difference : difference / largest;
}

/** Beyond this two correct f32 implementations do not differ on models like these. */
const TOLERANCE = 1e-3;

type Candidates = ReadonlyMap<string, Candidacy>;

const nameOf = (runtime: RuntimeName, threads: number): string => `${runtime} ${threads}`;

async function startAll(model: Model, threads: readonly number[]): Promise<Map<string, Candidacy>> {
  const started = new Map<string, Candidacy>();
  try {
    for (const count of threads)
      for (const runtime of ["ours", "web", "node"] as const)
        started.set(nameOf(runtime, count), await start({ runtime, threads: count, model }));
  } catch (error) {
    for (const { end } of started.values()) end();
    throw error;
  }
  return started;
}

async function rowOf(model: Model, candidates: Candidates, threads: readonly number[], rounds: number): Promise<Row> {
  const timed = [...candidates].map(([name, { time }]) => ({ name, time }));
  timed.push({ name: "committed", time: candidates.get("ours 1")!.timeCommitted });
  const timings = await interleave(timed, rounds);
  const difference = differenceOf(await candidates.get("ours 1")!.outputs(), await candidates.get("web 1")!.outputs());
  if (!(difference <= TOLERANCE)) throw new Error(`outputs differ from onnxruntime-web's by ${difference}`);
  const measured: Record<string, Measured> = {};
  for (const [name, { prepared, memory }] of candidates) {
    const { first, median, best } = timings.get(name)!;
    measured[name] = { first, median, best, prepared, memory: await memory() };
  }
  const timing = (runtime: RuntimeName, count: number): Timing => timings.get(nameOf(runtime, count))!;
  const over = (runtime: RuntimeName): Record<string, Ratio> =>
    Object.fromEntries(threads.map((count) => [count, ratioOf(timing(runtime, count), timing("ours", count))]));
  const { median, best } = timings.get("committed")!;
  return {
    name: model.name,
    kind: model.kind,
    measured,
    committed: { median, best },
    overWeb: over("web"),
    overNode: over("node"),
    twoThreads: threads.includes(2) ? ratioOf(timing("ours", 1), timing("ours", 2)) : undefined,
    difference,
  };
}

/** @throws Error when a runtime refuses the model, or the outputs differ */
export async function benchmark(model: Model, threads: readonly number[], rounds: number): Promise<Row> {
  const candidates = await startAll(model, threads);
  try {
    return await rowOf(model, candidates, threads, rounds);
  } finally {
    for (const { end } of candidates.values()) end();
  }
}
