/**
 * Lies for tests and the demo: the honest operator with a wrong trace, or with its mouth closed. Nothing in an honest
 * node imports this file.
 */
import { toHex } from "@opengradient/commitments";
import { DTYPE, type Program, type Tensor, widthOf } from "@opengradient/program";
import { Hono } from "hono";
import { type Executor, type Runner, wasmExecutor } from "./executor.ts";
import type { NodeParts } from "./node.ts";
import type { Outbox } from "./outbox.ts";

/**
 * output, middle, weights: what is false; the data are served. withhold: a false output, and nothing but what is
 * demanded on chain. silent: a false output, and no answer at all.
 */
export const LIES = ["none", "output", "middle", "weights", "silent", "withhold"] as const;
export type Lie = (typeof LIES)[number];

/** Parts that make a node lie, to give to `startNode`. */
export function liar(lie: Lie, seed = 1): NodeParts {
  if (lie === "none") return {};
  const executor = lyingExecutor(wasmExecutor, lie === "middle" || lie === "weights" ? lie : "output", seed);
  if (lie === "silent") return { executor, aroundOperatorOutbox: muted(/^(open|reveal):/), aroundHttp: closed };
  if (lie === "withhold") return { executor, aroundHttp: closed };
  return { executor };
}

/** Runs the model and changes what comes out; the rest of the node treats it as the truth. */
export function lyingExecutor(honest: Executor, lie: "output" | "middle" | "weights", seed = 1): Executor {
  return async (program, weights) => {
    if (lie === "weights") return honest(program, falseWeights(weights));
    const runner = await honest(program, weights);
    const falsify = (results: readonly Uint8Array[]) => falseResults(program, results, lie, seed);
    return {
      ...runner,
      run: (inputs) => falseOutputs(program, runner, inputs, falsify),
      trace: (inputs) => falsify(runner.trace(inputs)),
    };
  };
}

/** Honest but for every `period`-th input that it sees; the same input always gets the same answer. */
export function occasionalLiar(period: number, seed = 1): NodeParts {
  const seen = new Map<string, number>();
  const lies = (inputs: readonly Tensor[]): boolean => {
    const key = inputs.map(({ data }) => toHex(data)).join();
    if (!seen.has(key)) seen.set(key, seen.size + 1);
    return seen.get(key)! % period === 0;
  };
  const executor: Executor = async (program, weights) => {
    const honest = await wasmExecutor(program, weights);
    const lying = await lyingExecutor(async () => honest, "output", seed)(program, weights);
    const chosen = (inputs: readonly Tensor[]) => (lies(inputs) ? lying : honest);
    return { ...honest, run: (inputs) => chosen(inputs).run(inputs), trace: (inputs) => chosen(inputs).trace(inputs) };
  };
  return { executor };
}

const flipped = (data: Uint8Array, element: number, width: number): Uint8Array => {
  const copy = data.slice();
  // The top byte of an element: a change that is seen in any dtype.
  copy[(element + 1) * width - 1]! ^= 0x41;
  return copy;
};

/** The largest f32 and another change places: a false answer that looks like one. */
function swapped(data: Uint8Array, element: number): Uint8Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const values = Array.from({ length: data.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  const largest = values.indexOf(Math.max(...values));
  const other = element === largest ? (element + 1) % values.length : element;
  if (largest < 0 || values[largest] === values[other]) return flipped(data, element, 4);
  const copy = data.slice();
  copy.set(data.subarray(4 * largest, 4 * largest + 4), 4 * other);
  copy.set(data.subarray(4 * other, 4 * other + 4), 4 * largest);
  return copy;
}

/** Weights cut to half of their bits: a cheaper model under the name of the published one. */
function falseWeights(weights: readonly Tensor[]): Tensor[] {
  return weights.map((tensor) => {
    if (widthOf(tensor.dtype) === 1) return { ...tensor, data: tensor.data.map((byte) => byte & 0xf0) };
    return { ...tensor, data: tensor.data.map((byte, i) => (i % 4 < 2 ? 0 : byte)) };
  });
}

function falseResults(
  program: Program,
  results: readonly Uint8Array[],
  lie: "output" | "middle",
  seed: number,
): Uint8Array[] {
  const last = program.outputs.at(-1)!.kernel;
  const middle = program.kernels.map((_, k) => k).filter((k) => !program.outputs.some(({ kernel }) => kernel === k));
  const lied = lie === "middle" && middle.length ? [middle[Math.floor(middle.length / 2)]!, last] : [last];
  return results.map((data, k) => {
    if (!lied.includes(k)) return data;
    const { outType } = program.kernels[k]!;
    const at = (seed * 7) % (data.length / widthOf(outType));
    return k === last && outType === DTYPE.f32 ? swapped(data, at) : flipped(data, at, widthOf(outType));
  });
}

function falseOutputs(
  program: Program,
  runner: Runner,
  inputs: readonly Tensor[],
  falsify: (results: readonly Uint8Array[]) => readonly Uint8Array[],
): Tensor[] {
  const results = falsify(runner.trace(inputs));
  const honest = runner.run(inputs);
  return program.outputs.map(({ kernel }, rank) => ({ ...honest[rank]!, data: results[kernel]! }));
}

/** An outbox that forgets intents of some kinds. */
const muted =
  (kinds: RegExp) =>
  (outbox: Outbox): Outbox => ({
    ...outbox,
    add: (intent) => (kinds.test(intent.id) ? undefined : outbox.add(intent)),
  });

/** Takes inputs and gives receipts, but no data of any claim. */
function closed(app: Hono): Hono {
  const front = new Hono();
  front.all("/claims/*", (c) => c.notFound());
  front.route("/", app);
  return front;
}
