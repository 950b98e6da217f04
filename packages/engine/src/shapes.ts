/** Which loops of a plain kernel become lanes. */
import { isLanewise } from "./instructions.ts";
import { type Lowered, product } from "./lower.ts";
import { SCALAR, type Shape } from "./plain.ts";
import { walks } from "./products.ts";
import { laneShape } from "./reads.ts";
import { LONG_CODE } from "./segment.ts";

/** Rough cost of an instruction for four elements: as lanes, and one after the other. */
function instructionCosts(
  k: Lowered,
  which: "init" | "step" | "done",
  laneAxis: number,
): { vector: number; scalar: number } {
  let vector = 0;
  let scalar = 0;
  const reads = which === "step" ? k.inner : k.outer;
  for (const [opcode, a] of k[which]) {
    if (opcode === 0) {
      const read = reads[a]!;
      const { varies, stride, unit } = laneShape(read, laneAxis, read.dynamic.length > 0);
      const checks = read.guards.length + (read.bound > 0 ? 1 : 0) + (read.visible ? 1 : 0);
      scalar += 4 * (1 + checks);
      if (unit) vector += 1 + (varies ? 2 : 1) * checks;
      else if (varies) vector += 8 + 4 * checks;
      else vector += (stride === 0 ? 1 : 6) + checks;
    } else {
      scalar += 4;
      vector += isLanewise(opcode) ? 12 : 1;
    }
  }
  return { vector, scalar };
}

function vectorsPay(k: Lowered, laneAxis: number): boolean {
  const folds = product(k.folds);
  let vector = 2;
  let scalar = 8;
  for (const [which, times] of [
    ["init", 1],
    ["step", folds],
    ["done", 1],
  ] as const) {
    const cost = instructionCosts(k, which, laneAxis);
    vector += times * cost.vector;
    scalar += times * cost.scalar;
  }
  return vector < scalar;
}

/** The axis next to the lanes, if some words that the step reads do not change along it. */
function sharingAxis(k: Lowered, laneAxis: number): number {
  const axis = laneAxis - 1;
  if (axis < (k.sliced ? 1 : 0)) return -1;
  const reads = k.step.filter(([opcode]) => opcode === 0).map(([, access]) => k.inner[access]!);
  return reads.some((read) => !walks(read, axis)) ? axis : -1;
}

/** Lanes over the last axis, whose results are neighbours. */
export function plainShape(k: Lowered): Shape {
  const laneAxis = k.loops.length - 1;
  if (laneAxis < (k.sliced ? 1 : 0)) return SCALAR;
  const extent = k.loops[laneAxis]!;
  if (extent < 4 || !vectorsPay(k, laneAxis)) return SCALAR;
  const isFold = k.folds.length > 0;
  const wanted = isFold && k.step.length > LONG_CODE ? 1 : 4;
  const vectors = Math.max(1, Math.min(wanted, Math.floor(extent / 4)));
  const rowAxis = isFold && wanted > 1 ? sharingAxis(k, laneAxis) : -1;
  return { laneAxis, vectors, rowAxis, rows: rowAxis < 0 ? 1 : 2 };
}
