/** Runs Programs element by element on the Arbiter contract, in an EVM in this process. */
import { ZERO_HASH } from "@opengradient/commitments";
import {
  commitTensors,
  outputsOf,
  type Program,
  resultElements,
  runReference,
  type Tensor,
  writeElement,
} from "@opengradient/program";
import { type Arbiter, openArbiter } from "./arbiter.ts";
import type { Executor } from "./conformance.ts";

/** Results of all kernels. */
type Run = (program: Program, weights: readonly Tensor[], inputs: readonly Tensor[]) => Promise<readonly Uint8Array[]>;

/** Elements of every kernel are asked of the Arbiter: `sample` of them, spread evenly; the others are the reference's. */
export async function arbiterRun(sample: number): Promise<Run> {
  const arbiter = await openArbiter();
  return (program, weights, inputs) => runOnArbiter(program, { weights, inputs, sample }, arbiter);
}

export async function arbiterExecutor(sample: number): Promise<Executor> {
  const run = await arbiterRun(sample);
  return async (program, weights, inputs) => outputsOf(program, await run(program, weights, inputs));
}

/** `count` elements of a kernel (all, if there are fewer), the first and the last among them. */
export function spread(elements: number, count: number): number[] {
  const chosen = Math.min(elements, count);
  if (chosen === 1) return [elements - 1];
  return Array.from({ length: chosen }, (_, i) => Math.floor((i * (elements - 1)) / (chosen - 1)));
}

type Given = { readonly weights: readonly Tensor[]; readonly inputs: readonly Tensor[]; readonly sample: number };

async function runOnArbiter(program: Program, { weights, inputs, sample }: Given, { rightWord }: Arbiter) {
  const results = runReference(program, weights, inputs);
  const committed = commitTensors(program, { weights, inputs, results, traceSalt: ZERO_HASH });
  const given: Uint8Array[] = [];
  for (const [k, kernel] of program.kernels.entries()) {
    const data = new Uint8Array(results[k]!);
    for (const element of spread(resultElements(kernel), sample))
      writeElement(data, kernel.outType, element, await rightWord({ program, committed, kernel: k, element }));
    given.push(data);
  }
  return given;
}
