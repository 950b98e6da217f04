import { OBJECT, type Position } from "@opengradient/commitments";
import { demandsAhead } from "@opengradient/dispute";
import { compile, load } from "@opengradient/engine";
import { answerGasOf, COMMIT_GAS, COURT_GAS, DEMAND_GAS } from "@opengradient/node/client";
import { readModel } from "@opengradient/onnx";
import {
  costOf,
  elementsOf,
  evaluateElement,
  factsOf,
  foldSteps,
  type Kernel,
  OP,
  type Program,
  readElement,
  resultElements,
  type Tensor,
  widthOf,
  writeElement,
} from "@opengradient/program";
import { randomFrom } from "@opengradient/program/random";
import type { Model } from "./import.ts";

export type Report = {
  readonly operators: Readonly<Record<string, number>>;
  readonly kernels: number;
  readonly parameters: number;
  readonly multiplyAccumulates: number;
  /** bytes: of the weights, of all results, and what the engine holds while it runs */
  readonly memory: { readonly weights: number; readonly results: number; readonly engine: number };
  /** median milliseconds of one run here */
  readonly milliseconds: number;
  readonly worst: Worst;
  /** members of the largest recurrent group: a challenger buys a path for each member that a liar made differ */
  readonly largestGroup: number;
  readonly dispute: DisputeCost;
  readonly publishingGas: number;
  readonly equality: { readonly elements: number; readonly differing: number };
};

export type Worst = { readonly kernel: number; readonly label: string; readonly gas: number; readonly bytes: number };

/** What disproving an answer takes: demands at most, and gas of the challenger's transactions with what it pays for answers. */
export type DisputeCost = {
  /** from an operator that serves its trace */
  readonly served: Way;
  /** from one that answers on chain alone, to a challenger that has the input; to one that must buy it too */
  readonly silent: Way;
  readonly blind: Way;
};
type Way = { readonly demands: number; readonly gas: number };

/** Operators of an ONNX file with how often they occur. */
function operatorsOf(file: Uint8Array): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { operator } of readModel(file).graph.nodes) counts[operator] = (counts[operator] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export async function reportOf(model: Model, file: Uint8Array): Promise<Report> {
  const { program, weights, labels } = model;
  const inputs = sampleInputs(program);
  const compiled = await compile(program);
  const engine = await load(compiled, weights);
  const milliseconds = medianOf(Array.from({ length: 9 }, () => timed(() => engine.run(inputs))).slice(1));
  const { results } = engine.trace(inputs);
  const worst = worstOf(program, labels);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return {
    operators: operatorsOf(file),
    kernels: program.kernels.length,
    parameters: sum(program.weights.map(elementsOf)),
    multiplyAccumulates: sum(program.kernels.map(multiplications)),
    memory: {
      weights: sum(weights.map(({ data }) => data.length)),
      results: sum(program.kernels.map((kernel) => resultElements(kernel) * widthOf(kernel.outType))),
      engine: compiled.layout.pages * 65_536,
    },
    milliseconds,
    worst,
    largestGroup: Math.max(...program.kernels.map(({ groupSize }) => groupSize)),
    dispute: disputeCost(program, worst),
    publishingGas: publishingGas(model),
    equality: compareSample(program, { weights, inputs, results }),
  };
}

/** Ordinary numbers, the same for every call. */
export function sampleInputs(program: Program): Tensor[] {
  const random = randomFrom(1);
  return program.inputs.map((info) => {
    const elements = elementsOf(info);
    const data = new Uint8Array(elements * widthOf(info.dtype));
    const view = new DataView(data.buffer);
    for (let i = 0; i < elements; i++)
      if (info.dtype === 0) view.setFloat32(4 * i, random.below(1_000_000) / 1_000_000, true);
      else writeElement(data, info.dtype, i, random.below(128));
    return { ...info, data };
  });
}

function timed(act: () => unknown): number {
  const started = performance.now();
  act();
  return performance.now() - started;
}

const medianOf = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

const multiplications = (kernel: Kernel): number => {
  const perStep = kernel.step.filter(([op]) => op === OP.fmul || op === OP.imul).length;
  return perStep * foldSteps(kernel) * resultElements(kernel);
};

export function worstOf(program: Program, labels: readonly string[]): Worst {
  const facts = factsOf(program);
  const costs = program.kernels.map((kernel, k) => ({ k, ...costOf(facts, k, kernel) }));
  const { k, gas } = costs.reduce((most, at) => (at.gas > most.gas ? at : most));
  return { kernel: k, label: labels[k] ?? "", gas, bytes: Math.max(...costs.map(({ bytes }) => bytes)) };
}

function disputeCost(program: Program, worst: Worst): DisputeCost {
  const proof = Number(COMMIT_GAS + COURT_GAS) + worst.gas;
  const way = (positions: readonly Position[]): Way => {
    // a demand's price is twice the gas of its answer
    const paid = positions.map((at) => Number(DEMAND_GAS + 2n * answerGasOf(program, at)));
    return { demands: positions.length, gas: paid.reduce((sum, gas) => sum + gas, proof) };
  };
  const atMost = (own: object | undefined) =>
    way(demandsAhead({ model: { program }, opening: undefined, demands: [], own }, []).most);
  return {
    served: way([{ object: OBJECT.claim, tensor: 0, j: 0, i: 0 }]),
    silent: atMost({}),
    blind: atMost(undefined),
  };
}

/** Beside calldata (16 gas a byte that is not zero, 4 a zero): fitted to the digit model and 30 random Programs, within 7 %. */
const GAS_OF_MODEL = 165_000;
const GAS_OF_KERNEL = 28_300;
const GAS_OF_BYTE = 86;

function publishingGas({ header, descriptors }: Model): number {
  const data = [header, ...descriptors];
  const calldata = data.flatMap((bytes) => [...bytes]).reduce((gas, byte) => gas + (byte === 0 ? 4 : 16), 0);
  const checked = descriptors.reduce((gas, bytes) => gas + GAS_OF_KERNEL + GAS_OF_BYTE * bytes.length, 0);
  return 21_000 + GAS_OF_MODEL + calldata + checked;
}

type Ran = {
  readonly weights: readonly Tensor[];
  readonly inputs: readonly Tensor[];
  readonly results: readonly Uint8Array[];
};

const SAMPLES = 64;

/** Elements of every kernel, first, last and some between, against the reference on the engine's own tensors. */
export function compareSample(program: Program, { weights, inputs, results }: Ran): Report["equality"] {
  const tensors = { weights: weights.map(({ data }) => data), inputs: inputs.map(({ data }) => data), results };
  const random = randomFrom(2);
  let [elements, differing] = [0, 0];
  for (const [k, kernel] of program.kernels.entries()) {
    const all = resultElements(kernel);
    const chosen = all <= SAMPLES ? [...Array(all).keys()] : [0, all - 1];
    while (chosen.length < Math.min(SAMPLES, all)) chosen.push(random.below(all));
    const stored = new Uint8Array(4);
    for (const e of chosen) {
      writeElement(stored, kernel.outType, 0, evaluateElement(program, k, e, tensors));
      if (readElement(stored, kernel.outType, 0) !== readElement(results[k]!, kernel.outType, e)) differing++;
      elements++;
    }
  }
  return { elements, differing };
}

export type Prices = {
  /** gwei for a unit of gas */
  readonly gasPrice: number;
  /** OPG for one native coin */
  readonly opgPerNative: number;
  /** OPG that an hour of one core earns */
  readonly opgPerHour: number;
};

/**
 * Coverage from which a challenger that has the input (or must buy it: `blind`) earns twice what the dearest dispute costs
 * it, its reward being half the coverage; a fee of ten runs, for the run, its checks and the posting.
 */
export function suggest({ milliseconds, dispute }: Report, { gasPrice, opgPerNative, opgPerHour }: Prices) {
  const opgOfGas = (gas: number) => gas * gasPrice * 1e-9 * opgPerNative;
  const posting = 300_000;
  return {
    fee: (10 * milliseconds * opgPerHour) / 3_600_000 + opgOfGas(posting),
    coverage: 4 * opgOfGas(dispute.silent.gas),
    blindCoverage: 4 * opgOfGas(dispute.blind.gas),
  };
}
