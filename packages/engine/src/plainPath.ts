/** Plain kernels: which of their reads are better written out first, and what becomes lanes. */
import { haloCopy, haloElements, orderedCopy, orderedElements, type Placed } from "./copies.ts";
import { addBuffer, isTooLarge, newDraft, placeRead, withoutUnused } from "./draft.ts";
import { FIRST_CONSTANT, type Lowered, mergeAxes, product, type Read } from "./lower.ts";
import { partsOf } from "./parts.ts";
import { plainFunction, SCALAR } from "./plain.ts";
import { type Factor, walks } from "./products.ts";
import { laneShape } from "./reads.ts";
import { plainShape } from "./shapes.ts";
import { type Coded, type KernelPlan, type PathName, stageOf } from "./stages.ts";
import { transposeFunction } from "./transpose.ts";

/** A copy pays when its words are read at least so many times. */
const READS_WORTH_A_COPY = 2;

function factorOf(k: Lowered, access: number): Factor {
  const result = FIRST_CONSTANT + k.constants.length;
  return { access, read: k.inner[access]!, instructions: [[0, 0, 0, 0]], result };
}

/** How the read of a fold's step is better placed: weights in the order of the loops, padding written out. */
function better(k: Lowered, access: number, laneAxis: number): Placed | undefined {
  const read: Read = k.inner[access]!;
  if (!read.box || read.visible || read.dynamic.length > 0) return undefined;
  const factor = factorOf(k, access);
  const isWeight = k.sources[read.slot]!.kind === "weight";
  const { varies, stride } = laneShape(read, laneAxis, false);
  if (isWeight && (varies || (stride !== 0 && stride !== 1))) {
    return isTooLarge(orderedElements(k, factor, laneAxis), factor) ? undefined : orderedCopy(k, factor, laneAxis);
  }
  // what is made at run time would be made again for every slice
  if (read.guards.length === 0 || k.sliced) return undefined;
  const words = haloElements(k, factor);
  const reads = product([...k.loops, ...k.folds].filter((_, axis) => walks(read, axis)));
  return isTooLarge(words, factor) || reads < READS_WORTH_A_COPY * words ? undefined : haloCopy(k, factor);
}

const stepAccesses = (k: Lowered): Set<number> =>
  new Set(k.step.filter(([opcode]) => opcode === 0).map(([, access]) => access));

export function planScalar(kernel: Lowered): KernelPlan {
  const k = mergeAxes(kernel);
  return planStage(k, "scalar", plainFunction(k, SCALAR), "one element at a time");
}

const planStage = (k: Lowered, path: PathName, coded: Coded, note: string): KernelPlan => ({
  path,
  note,
  buffers: [],
  stages: [stageOf(k, path, coded, { kind: "result" })],
});

/** A map in parts, each of which reads without the checks that its indices can not fail. */
function planParts(parts: readonly Lowered[]): KernelPlan {
  const kernels = parts.map((part) => withoutUnused(mergeAxes(part)));
  const stages = kernels.map((k) => {
    const coded = transposeFunction(k) ?? plainFunction(k, plainShape(k));
    return stageOf(k, "vectors", coded, { kind: "result" });
  });
  return { path: "vectors", note: `${parts.length} parts`, buffers: [], stages };
}

export function planPlain(kernel: Lowered): KernelPlan {
  const parts = partsOf(kernel);
  if (parts.length > 1) return planParts(parts);
  const draft = newDraft(kernel);
  const laneAxis = kernel.loops.length - 1;
  const inner = [...kernel.inner];
  if (laneAxis >= (kernel.sliced ? 1 : 0)) {
    for (const access of stepAccesses(kernel)) {
      const placed = better(kernel, access, laneAxis);
      if (!placed) continue;
      const slot = addBuffer(draft, [placed.kernel], 4 * placed.elements);
      inner[access] = placeRead(inner[access]!, { slot, address: placed.address });
    }
  }
  const k = withoutUnused(mergeAxes({ ...kernel, inner, sources: draft.sources }));
  const transpose = transposeFunction(k);
  if (transpose) return planStage(k, "vectors", transpose, "transposed by 4 × 4");
  const shape = plainShape(k);
  if (shape.laneAxis < 0) return planScalar(kernel);
  draft.stages.push(stageOf(k, "vectors", plainFunction(k, shape), { kind: "result" }));
  const copies = draft.buffers.length > 0 ? `, ${draft.buffers.length} copied first` : "";
  const note = `${shape.vectors} × 4 of ${k.loops[shape.laneAxis]}${copies}`;
  return { path: "vectors", note, buffers: draft.buffers, stages: draft.stages };
}
