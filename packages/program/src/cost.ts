/** The formula of docs/spec/cost.md: what proving one element of a kernel costs at most. Every quantity is an exact integer. */
import { clog2 } from "@opengradient/commitments";
import { dotPattern } from "./dot.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { addressStep, foldSteps, isLoad, type ProgramFacts, perLeaf, resultElements, SPACE } from "./kernel.ts";
import type { Access, Instruction, Kernel, Space } from "./types.ts";

export const MAX_GAS = 6_000_000;
export const MAX_BYTES = 65_536;

export type Source = { readonly space: Space; readonly index: number };

/** What the reads through an access need at most. */
export type Footprint = {
  readonly spans: number;
  readonly leafCount: number;
  readonly hints: number;
  /** of the source's tree */
  readonly depth: number;
};

export type Cost = {
  readonly gas: number;
  readonly bytes: number;
  readonly work: number;
  /** gas of the fold, and whether it runs at a dot rate */
  readonly fold: number;
  readonly dot: boolean;
  readonly spans: number;
  readonly leaves: number;
  readonly hints: number;
  /** one for each access */
  readonly footprints: readonly Footprint[];
  readonly sources: readonly Source[];
};

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

const loadGas = (access: Access, folds: number): number =>
  (access.dynMask ? 1_100 : 750) + access.coordinates.length * (120 + 60 * folds);

/** Gas of a list of instructions, run once. */
export const segmentGas = (kernel: Kernel, code: readonly Instruction[]): number =>
  sum(
    code.map((instruction) =>
      isLoad(instruction)
        ? loadGas(kernel.accesses[instruction[1]]!, kernel.folds.length)
        : INSTRUCTIONS[instruction[0]]!.gas,
    ),
  );

const loadsOf = (code: readonly Instruction[], a: number): number =>
  code.filter((instruction) => isLoad(instruction) && instruction[1] === a).length;

/** Depth of the tree of a tensor that an access declares. */
const accessDepth = (access: Access): number => clog2(Math.ceil(access.length / perLeaf(access.dtype)));

function foldFootprint(kernel: Kernel, access: Access): Footprint {
  const per = perLeaf(access.dtype);
  const leaves = Math.ceil(access.length / per);
  const steps = kernel.folds.map((_, i) => {
    const step = addressStep(access, kernel.loops.length + i);
    return Number(step < 0n ? -step : step);
  });
  let [length, passes] = [1, 1];
  for (let i = kernel.folds.length - 1; i >= 0; i--)
    if (steps[i]! <= Math.max(length, per)) length += steps[i]! * (kernel.folds[i]! - 1);
    else passes *= kernel.folds[i]!;
  const perSpan = Math.ceil((length - 1) / per) + 1;
  const F = foldSteps(kernel);
  const hints = 2 + (steps.at(-1)! <= per ? F / kernel.folds.at(-1)! : F);
  const whole = passes * perSpan >= leaves;
  return whole
    ? { spans: 1, leafCount: leaves, hints, depth: accessDepth(access) }
    : { spans: passes, leafCount: passes * perSpan, hints, depth: accessDepth(access) };
}

export function footprint(kernel: Kernel, a: number): Footprint {
  const access = kernel.accesses[a]!;
  const outside = loadsOf(kernel.init, a) + loadsOf(kernel.done, a);
  const inFold = loadsOf(kernel.step, a);
  if (!access.dynMask && inFold) return foldFootprint(kernel, access);
  const reads = access.dynMask ? outside + inFold * foldSteps(kernel) : Math.min(outside, 1);
  return { spans: reads, leafCount: reads, hints: reads, depth: accessDepth(access) };
}

/** The distinct tensors that kernel k reads, by first appearance, and its own result (last unless read). */
export function sourcesOf(kernel: Kernel, k: number): Source[] {
  const sources: Source[] = [];
  for (const { space, index } of [...kernel.accesses, { space: SPACE.result, index: k }])
    if (!sources.some((known) => known.space === space && known.index === index)) sources.push({ space, index });
  return sources;
}

export function foldGas(kernel: Kernel): number {
  if (kernel.folds.length === 0) return 0;
  const F = foldSteps(kernel);
  const dot = dotPattern(kernel);
  if (!dot) return F * (320 + segmentGas(kernel, kernel.step));
  const coordinates = sum([dot.left, dot.right].map((a) => kernel.accesses[a]!.coordinates.length));
  const row = 10_500 + coordinates * (550 + 110 * kernel.folds.length);
  return (F / kernel.folds.at(-1)!) * row + F * dot.rate;
}

/** Length of a descriptor in bytes. */
export function descriptorLength(kernel: Kernel): number {
  const dimensions = kernel.loops.length + kernel.folds.length;
  const accesses = sum(kernel.accesses.map((access) => 16 + access.coordinates.length * (12 + 4 * dimensions)));
  const instructions = kernel.init.length + kernel.step.length + kernel.done.length;
  const results = 4 * Math.ceil((2 * kernel.state + 1) / 4);
  return 16 + 4 * dimensions + accesses + 4 * kernel.constants.length + 4 * instructions + results;
}

/** Cost of kernel k, which keeps V1 to V8. */
export function costOf(facts: ProgramFacts, k: number, kernel: Kernel): Cost {
  const lists = [facts.inputs.length, facts.weights.length, facts.kernels.length];
  const sources = sourcesOf(kernel, k);
  const listDepths = sources.map(({ space }) => clog2(lists[space]!));
  const footprints = kernel.accesses.map((_, a) => footprint(kernel, a));
  const descriptor = descriptorLength(kernel);
  const ownDepth = clog2(Math.ceil(resultElements(kernel) / perLeaf(kernel.outType)));
  const dimensions = kernel.loops.length + kernel.folds.length;
  const instructions = kernel.init.length + kernel.step.length + kernel.done.length;
  const fold = foldGas(kernel);
  const bytes =
    1_500 +
    descriptor +
    32 * clog2(facts.kernels.length + 1) +
    sum(listDepths.map((depth) => 32 + 32 * depth)) +
    sum(footprints.map((at) => at.spans * (8 + 64 * at.depth) + 256 * at.leafCount + at.hints)) +
    (8 + 64 * ownDepth + 256);
  const work =
    150_000 +
    400 * instructions +
    100 * kernel.constants.length +
    10 * descriptor +
    sum(kernel.accesses.map((access) => 2_200 + access.coordinates.length * (400 + 150 * dimensions))) +
    segmentGas(kernel, kernel.init) +
    segmentGas(kernel, kernel.done) +
    fold +
    sum(listDepths.map((depth) => 3_500 + 300 * depth)) +
    sum(footprints.map((at) => at.spans * (1_500 + 500 * at.depth) + 600 * at.leafCount + 450 * at.hints)) +
    (2_100 + 500 * ownDepth);
  return {
    gas: Math.max(work + 16 * bytes, 21_000 + 40 * bytes),
    bytes,
    work,
    fold,
    dot: dotPattern(kernel) !== undefined,
    spans: sum(footprints.map((at) => at.spans)) + 1,
    leaves: sum(footprints.map((at) => at.leafCount)) + 1,
    hints: sum(footprints.map((at) => at.hints)),
    footprints,
    sources,
  };
}
