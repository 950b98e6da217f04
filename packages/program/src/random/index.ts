/** Random valid Programs and tensors for fuzzing. */
import { ProgramError } from "../errors.ts";
import { elementsOf, factsOf, kernelFacts, product, resultElements, SPACE } from "../kernel.ts";
import type { Kernel, Output, Program, TensorInfo } from "../types.ts";
import { validateKernel } from "../validate.ts";
import type { Readable } from "./access.ts";
import {
  type Frame,
  randomDot,
  randomDtype,
  randomExtents,
  randomKernel,
  randomProbe,
  randomScatter,
} from "./kernel.ts";
import { type Random, randomFrom } from "./source.ts";

export { countOperands, emptyOperandTable, type OperandTable, printOperandTable } from "./coverage.ts";
export { firstDifference } from "./difference.ts";
export { shrink } from "./shrink.ts";
export { type Random, randomFrom } from "./source.ts";
export { classOf, OPERAND_CLASSES, type OperandClass, randomTensor, randomTensors, wordOfClass } from "./words.ts";

const ATTEMPTS = 50;

/** By how often each comes up. */
const KINDS = [randomDot, randomDot, randomProbe, randomProbe, randomScatter, randomKernel, randomKernel, randomKernel];

function randomInfo(random: Random): TensorInfo {
  const small = [[1], [7], [8, 8], [5, 13], [4, 25], [16, 16], [3, 100], [19, 3, 9], [33, 31], []];
  const large = [[5_000], [20_000], [70, 41], [16_385]];
  const dims = random.pick(random.oneIn(6) ? large : small);
  return { dtype: randomDtype(random), dims };
}

const readable = (space: 0 | 1, list: readonly TensorInfo[]): Readable[] =>
  list.map((info, index) => ({ space, index, dtype: info.dtype, length: elementsOf(info) }));

function randomFrame(random: Random): Frame {
  const loops = randomExtents(random, random.pick([0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8]), 400);
  return { outType: randomDtype(random), loops, groupPos: 0, groupSize: 1 };
}

/** Frames of a recurrent group of `count` members. */
function randomGroup(random: Random, count: number): Frame[] {
  const T = random.between(2, 6);
  return Array.from({ length: count }, (_, groupPos) => {
    const inner = randomExtents(random, random.between(0, 3), 60);
    return { outType: randomDtype(random), loops: [T, ...inner], groupPos, groupSize: count };
  });
}

function withoutCode(frame: Frame): Kernel {
  return { ...frame, folds: [], state: 0, accesses: [], constants: [0], init: [], step: [], done: [], results: [16] };
}

type Draft = { readonly inputs: readonly TensorInfo[]; readonly weights: readonly TensorInfo[]; kernels: Kernel[] };

/** Fills one of the frames at the end of `draft.kernels` with code that keeps the rules. */
function fillFrame(random: Random, draft: Draft, k: number, recurrent: boolean): void {
  const { groupPos, groupSize, ...rest } = draft.kernels[k]!;
  const frame = { outType: rest.outType, loops: rest.loops, groupPos, groupSize };
  const first = k - groupPos;
  const last = recurrent ? first + groupSize : first;
  const results = draft.kernels.slice(0, last).map((kernel, index): Readable => {
    const length = resultElements(kernel);
    const slice = recurrent && index >= first ? length / kernel.loops[0]! : undefined;
    return { space: SPACE.result, index, dtype: kernel.outType, length, slice };
  });
  const inGroup = results.slice(first);
  const tensors = [...readable(SPACE.input, draft.inputs), ...readable(SPACE.weight, draft.weights)];
  const sources = [...tensors, ...results, ...inGroup, ...inGroup];
  const facts = factsOf({ ...draft, outputs: [] });
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const special = random.pick(KINDS);
    const kernel = special(random, frame, sources) ?? randomKernel(random, frame, sources);
    try {
      validateKernel({ ...facts, kernels: facts.kernels.with(k, kernelFacts(kernel)) }, k, kernel);
      draft.kernels[k] = kernel;
      return;
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error;
    }
  }
}

function randomOutputs(random: Random, kernels: readonly Kernel[]): Output[] {
  const density = random.pick([1, 2, 4]);
  const last = kernels.length - 1;
  return kernels.flatMap(({ loops }, kernel) =>
    kernel === last || random.oneIn(density) ? [{ kernel, dims: random.oneIn(2) ? loops : [product(loops)] }] : [],
  );
}

/** A valid Program of one to about eight kernels, small enough that the reference runs it in milliseconds. */
export function randomProgram(random: Random): Program {
  const inputs = Array.from({ length: random.between(1, 3) }, () => randomInfo(random));
  const weights = Array.from({ length: random.between(0, 3) }, () => randomInfo(random));
  const draft: Draft = { inputs, weights, kernels: [] };
  for (let unit = random.between(1, 5); unit > 0; unit--) {
    const recurrent = random.oneIn(3);
    const frames = recurrent ? randomGroup(random, random.between(1, 4)) : [randomFrame(random)];
    const first = draft.kernels.length;
    draft.kernels.push(...frames.map(withoutCode));
    for (let i = 0; i < frames.length; i++) fillFrame(random, draft, first + i, recurrent);
  }
  return { inputs, weights, kernels: draft.kernels, outputs: randomOutputs(random, draft.kernels) };
}

/** randomProgram of a seed. */
export const programOfSeed = (seed: number): Program => randomProgram(randomFrom(seed));
