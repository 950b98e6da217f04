/** Which loops of a plain kernel become lanes. */
import { isLanewise } from "./instructions.ts";
import { type Lowered, product } from "./lower.ts";
import { SCALAR, type Shape } from "./plain.ts";
import { laneShape } from "./reads.ts";

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

/** Lanes over the last axis, whose results are neighbours. */
export function plainShape(k: Lowered): Shape {
  const laneAxis = k.loops.length - 1;
  if (laneAxis < (k.sliced ? 1 : 0)) return SCALAR;
  const extent = k.loops[laneAxis]!;
  if (extent < 4 || !vectorsPay(k, laneAxis)) return SCALAR;
  const code = k.folds.length > 0 ? k.step.length : k.done.length;
  const wanted = code <= 8 ? 4 : 1;
  const vectors = Math.max(1, Math.min(wanted, Math.floor(extent / 4)));
  return { laneAxis, vectors };
}
