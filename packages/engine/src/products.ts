/** Folds of the form acc ⊕ f(A)·g(B), and which axes each side walks. */
import type { Instruction } from "@opengradient/program";
import { intervalOf, type ReadBounds } from "./intervals.ts";
import { FIRST_CONSTANT, isUnchecked, type Lowered, type Read } from "./lower.ts";
import { operandsOf } from "./segment.ts";

/** One factor: a static read, and the instructions that are made of its word and constants. */
export type Factor = {
  readonly access: number;
  readonly read: Read;
  /** as a segment whose only access is number 0 */
  readonly instructions: readonly Instruction[];
  readonly result: number;
};

export type Product = {
  readonly float: boolean;
  /** does not change along the last loop axis */
  readonly row: Factor;
  /** changes along the last loop axis */
  readonly column: Factor;
};

const FADD = 1;
const FMUL = 3;
const IADD = 17;
const IMUL = 19;

function factorOf(k: Lowered, register: number): Factor | undefined {
  const first = FIRST_CONSTANT + k.constants.length;
  const needed = new Set<number>();
  let closed = true;
  const visit = (r: number): void => {
    if (r < FIRST_CONSTANT) closed = false;
    if (r < first || needed.has(r)) return;
    needed.add(r);
    const ins = k.step[r - first]!;
    for (const operand of operandsOf(ins, ins[0] === 0 ? k.inner[ins[1]]!.dynamic.length : 0)) visit(operand);
  };
  visit(register);
  const order = [...needed].sort((a, b) => a - b);
  const loads = order.map((r) => k.step[r - first]!).filter(([opcode]) => opcode === 0);
  const read = loads.length === 1 ? k.inner[loads[0]![1]]! : undefined;
  if (!closed || !read?.box || read.dynamic.length > 0) return undefined;
  const renumber = (r: number): number => (r < first ? r : first + order.indexOf(r));
  const instructions = order.map((r): Instruction => {
    const [opcode, a, b, c] = k.step[r - first]!;
    return opcode === 0 ? [0, 0, 0, 0] : [opcode, renumber(a), renumber(b), renumber(c)];
  });
  return { access: loads[0]![1], read, instructions, result: renumber(register) };
}

/** Whether a read sees the index of an axis at all. */
export const walks = (read: Read, axis: number): boolean =>
  read.address.coef[axis] !== 0 || read.guards.some((guard) => guard.form.coef[axis] !== 0);

/** The two registers under ⊕ and · when the step is acc ⊕ (P·Q). */
function stepFactors(k: Lowered): { float: boolean; factors: [number, number] } | undefined {
  const first = FIRST_CONSTANT + k.constants.length;
  if (k.state !== 1) return undefined;
  const sum = k.step[k.results[1]! - first];
  if (!sum || (sum[0] !== FADD && sum[0] !== IADD)) return undefined;
  const float = sum[0] === FADD;
  if ((sum[1] === 0) === (sum[2] === 0)) return undefined;
  const times = k.step[(sum[1] === 0 ? sum[2] : sum[1]) - first];
  if (!times || times[0] !== (float ? FMUL : IMUL)) return undefined;
  return { float, factors: [times[1], times[2]] };
}

/** Only one of the factors walks it, so that its indices can be the columns. */
const isColumnAxis = (axis: number, factors: readonly Factor[]): boolean =>
  factors.filter((factor) => walks(factor.read, axis)).length === 1;

/** Loop axis for the columns: the last, if it can be, else the longest that can; −1 without one. */
export function columnAxis(k: Lowered): number {
  const factors = factorsOf(k)?.factors;
  if (!factors) return -1;
  const axes = [...k.loops.keys()].slice(k.sliced ? 1 : 0).filter((axis) => isColumnAxis(axis, factors));
  if (axes.includes(k.loops.length - 1)) return k.loops.length - 1;
  return axes.reduce((best, axis) => (best < 0 || k.loops[axis]! > k.loops[best]! ? axis : best), -1);
}

function factorsOf(k: Lowered): { float: boolean; factors: [Factor, Factor] } | undefined {
  const found = stepFactors(k);
  if (!found) return undefined;
  const [p, q] = found.factors.map((register) => factorOf(k, register));
  return p && q && { float: found.float, factors: [p, q] };
}

/** The product in a kernel whose columns are the last loop axis. */
export function recogniseProduct(k: Lowered): Product | undefined {
  const found = factorsOf(k);
  if (!found || columnAxis(k) !== k.loops.length - 1) return undefined;
  const [p, q] = found.factors;
  const [row, column] = walks(p.read, k.loops.length - 1) ? [q, p] : [p, q];
  return { float: found.float, row, column };
}

/** The factor is the word of an unchecked 4-byte read, as it lies in memory. */
export const isPlain = ({ read, instructions }: Factor): boolean =>
  instructions.length === 1 && isUnchecked(read) && read.dtype < 2;

/** Whatever the factor reads, it is an integer of 16 bits. */
export function fitsHalves(k: Lowered, { read, instructions, result }: Factor, bounds: ReadBounds): boolean {
  const code = { constants: k.constants, instructions, read: () => bounds(k, read) };
  const { low, high } = intervalOf(code, result);
  return low >= -(2 ** 15) && high < 2 ** 15;
}
