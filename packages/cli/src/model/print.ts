/** A kernel as people read it. */
import {
  type Access,
  CANONICAL_NAN,
  type Coordinate,
  DTYPE_NAMES,
  firstInstructionRegister,
  INSTRUCTIONS,
  type Instruction,
  type Kernel,
  REGISTER,
  SEGMENTS,
  segmentResults,
} from "@opengradient/program";

const SPACES = ["input", "weight", "result"] as const;
const float = new DataView(new ArrayBuffer(4));

/** A word as hex, with the f32 that it may be. */
function word(value: number): string {
  float.setUint32(0, value);
  const number = float.getFloat32(0);
  const known = value === CANONICAL_NAN ? "NaN" : Object.is(number, -0) ? "-0" : String(Number(number.toPrecision(7)));
  return value < 65_536 ? String(value) : `0x${value.toString(16).padStart(8, "0")} (${known})`;
}

const register = (kernel: Kernel, r: number): string => {
  if (r < REGISTER.loop) return `s${r}`;
  if (r < REGISTER.fold) return `i${r - REGISTER.loop}`;
  if (r < REGISTER.constant) return `f${r - REGISTER.fold}`;
  const first = firstInstructionRegister(kernel);
  return r < first ? `c${r - REGISTER.constant}` : `t${r - first}`;
};

function coordinate({ base, extent, stride, coef }: Coordinate, loops: number, dynamic: boolean): string {
  const terms = coef.flatMap((factor, i) => {
    const name = i < loops ? `i${i}` : `f${i - loops}`;
    return factor === 0 ? [] : [factor === 1 ? name : `${factor}·${name}`];
  });
  if (dynamic) terms.push("dyn");
  if (base !== 0 || terms.length === 0) terms.push(String(base));
  return `(${terms.join(" + ")} < ${extent})·${stride}`;
}

function access({ accesses, loops }: Kernel, a: number): string {
  const { space, index, dtype, length, elseWord, dynMask, coordinates } = accesses[a] as Access;
  const box = coordinates.map((at, j) => coordinate(at, loops.length, (dynMask & (1 << j)) !== 0)).join(" + ");
  const other = elseWord === 0 ? "" : ` else ${word(elseWord)}`;
  return `a${a} = ${SPACES[space]} ${index}: ${DTYPE_NAMES[dtype]}[${length}] at ${box || "0"}${other}`;
}

function instruction(kernel: Kernel, [op, ...operands]: Instruction, i: number): string {
  const { name, operands: kinds } = INSTRUCTIONS[op]!;
  const dynamic = op === 0 ? bits(kernel.accesses[operands[0]]!.dynMask) : 0;
  const shown = kinds.slice(0, op === 0 ? 1 + dynamic : kinds.length);
  const names = shown.map((kind, o) => (kind === "access" ? `a${operands[o]}` : register(kernel, operands[o]!)));
  return `t${i} = ${name} ${names.join(" ")}`;
}

const bits = (mask: number): number => mask.toString(2).replaceAll("0", "").length;

export function printKernel(kernel: Kernel): string[] {
  const { outType, loops, folds, state, accesses, constants, groupPos, groupSize } = kernel;
  const lines = [
    `${DTYPE_NAMES[outType]}[${loops.join(" × ") || 1}]${folds.length ? ` folding ${folds.join(" × ")}, ${state} state` : ""}${groupSize > 1 ? `, ${groupPos} of a group of ${groupSize}` : ""}`,
    ...accesses.map((_, a) => `  ${access(kernel, a)}`),
    ...constants.map((value, c) => `  c${c} = ${word(value)}`),
  ];
  for (const segment of SEGMENTS) {
    const results = segmentResults(kernel, segment);
    if (results.length === 0) continue;
    lines.push(`  ${segment}`, ...kernel[segment].map((code, i) => `    ${instruction(kernel, code, i)}`));
    lines.push(`    → ${results.map((r) => register(kernel, r)).join(" ")}`);
  }
  return lines;
}
