/** What may be published: rules V1 to V9 of docs/spec/program.md. Each function checks the rules that it names. */
import { costOf, MAX_BYTES, MAX_GAS } from "./cost.ts";
import { encodeHeader, encodeKernel } from "./encode.ts";
import { ProgramError, type Rule } from "./errors.ts";
import { checkForm, checkHeaderForm } from "./form.ts";
import { INSTRUCTIONS, REGISTER } from "./instructions.ts";
import {
  dynamicCount,
  elementsOf,
  factsOf,
  firstInstructionRegister,
  foldSteps,
  isLoad,
  type KernelFacts,
  kernelFacts,
  type ProgramFacts,
  resultElements,
  SEGMENTS,
  type Segment,
  SPACE,
  segmentResults,
} from "./kernel.ts";
import type { Access, Instruction, Kernel, Program } from "./types.ts";

type Refuse = (rule: Rule, message: string, value: number, instruction?: number) => never;

type Checked = { readonly facts: ProgramFacts; readonly k: number; readonly kernel: Kernel; readonly refuse: Refuse };

const refuserOf =
  (k: number): Refuse =>
  (rule, message, value, instruction) => {
    throw new ProgramError(message, { rule, kernel: k, instruction, value });
  };

function checkV1({ kernel, k, refuse }: Checked): void {
  const { length } = encodeKernel(kernel, k);
  if (length > 4_096) refuse("V1", `the descriptor has ${length} bytes; at most 4096`, length);
  checkForm(kernel, k);
}

function checkV2({ kernel, refuse }: Checked): void {
  const { loops, folds } = kernel;
  if (loops.length > 8) refuse("V2", `${loops.length} loops; at most 8`, loops.length);
  if (folds.length > 4) refuse("V2", `${folds.length} folds; at most 4`, folds.length);
  for (const extent of [...loops, ...folds])
    if (extent < 2) refuse("V2", `an extent of ${extent}; leave out axes of extent 1`, extent);
  if (resultElements(kernel) > 2 ** 30) refuse("V2", "more than 2^30 elements", resultElements(kernel));
  if (foldSteps(kernel) > 2 ** 20) refuse("V2", "more than 2^20 fold steps", foldSteps(kernel));
}

function checkV3({ kernel, refuse }: Checked): void {
  const { state, folds, accesses, constants } = kernel;
  if (state > 4) refuse("V3", `${state} state words; at most 4`, state);
  if ((state === 0) !== (folds.length === 0)) refuse("V3", `${state} state words with ${folds.length} folds`, state);
  if (folds.length === 0 && kernel.init.length + kernel.step.length > 0)
    refuse("V3", "a map has no init and no step", kernel.init.length + kernel.step.length);
  if (accesses.length > 16) refuse("V3", `${accesses.length} accesses; at most 16`, accesses.length);
  for (const [a, { coordinates }] of accesses.entries())
    if (coordinates.length > 5)
      refuse("V3", `access ${a} has ${coordinates.length} coordinates; at most 5`, coordinates.length);
  if (constants.length > 64) refuse("V3", `${constants.length} constants; at most 64`, constants.length);
  for (const segment of SEGMENTS) {
    const registers = constants.length + kernel[segment].length;
    if (registers > 240) refuse("V3", `constants and ${segment} need ${registers} registers; at most 240`, registers);
  }
}

function checkV4({ kernel, refuse }: Checked): void {
  for (const [a, access] of kernel.accesses.entries()) {
    if (access.dynMask >= 2 ** access.coordinates.length)
      refuse("V4", `dynMask of access ${a} names a coordinate that it lacks`, access.dynMask);
    if (dynamicCount(access) > 2) refuse("V4", `access ${a} has more than two dynamic coordinates`, access.dynMask);
  }
}

/** Is `register` readable in `segment` before its instruction `i`? */
export function isReadable(kernel: Kernel, segment: Segment, i: number, register: number): boolean {
  const first = firstInstructionRegister(kernel);
  if (register < REGISTER.loop) return segment !== "init" && register < kernel.state;
  if (register < REGISTER.fold) return register - REGISTER.loop < kernel.loops.length;
  if (register < REGISTER.constant) return segment === "step" && register - REGISTER.fold < kernel.folds.length;
  return register < first + i;
}

/** Registers that an instruction reads; unused operand bytes of `ld` are checked here. */
function registersRead(checked: Checked, instruction: Instruction, place: number): number[] {
  const { kernel, refuse } = checked;
  const [op, ...operands] = instruction;
  if (!isLoad(instruction)) return operands.slice(0, INSTRUCTIONS[op]!.operands.length);
  const access = kernel.accesses[operands[0]!];
  if (!access) return refuse("V5", `access ${operands[0]} does not exist`, operands[0]!, place);
  const dynamic = dynamicCount(access);
  for (const unused of operands.slice(1 + dynamic))
    if (unused) refuse("V5", `ld has ${dynamic} dynamic coordinates; the byte ${unused} must be 0`, unused, place);
  return operands.slice(1, 1 + dynamic);
}

function checkV5(checked: Checked): void {
  const { kernel, refuse } = checked;
  let place = 0;
  for (const segment of SEGMENTS) {
    const code = kernel[segment];
    for (const [i, instruction] of code.entries()) {
      for (const register of registersRead(checked, instruction, place))
        if (!isReadable(kernel, segment, i, register))
          refuse("V5", `register ${register} is not readable in ${segment}`, register, place);
      place++;
    }
    for (const register of segmentResults(kernel, segment))
      if (!isReadable(kernel, segment, code.length, register))
        refuse("V5", `result register ${register} is not readable at the end of ${segment}`, register);
  }
}

function checkV6({ kernel, refuse }: Checked): void {
  const extents = [...kernel.loops, ...kernel.folds];
  for (const [a, { coordinates }] of kernel.accesses.entries()) {
    for (const [j, { base, extent, coef }] of coordinates.entries()) {
      const reach = coef.reduce((all, c, i) => all + Math.abs(c) * (extents[i]! - 1), Math.abs(base));
      if (reach >= 2 ** 30) refuse("V6", `coordinate ${j} of access ${a} reaches ${reach}; below 2^30`, reach);
      if (extent < 1 || extent >= 2 ** 30) refuse("V6", `box extent ${extent} of access ${a}; 1 to 2^30 − 1`, extent);
    }
    const span = coordinates.reduce((all, { extent, stride }) => all + (extent - 1) * stride, 0);
    if (span >= 2 ** 31) refuse("V6", `the box of access ${a} spans ${span} elements; below 2^31`, span);
  }
}

/** Is kernel `index` in the group of kernel k? */
export const inGroup = (kernel: Kernel | KernelFacts, k: number, index: number): boolean =>
  index >= k - kernel.groupPos && index < k - kernel.groupPos + kernel.groupSize;

function declared({ facts, k, kernel, refuse }: Checked, { space, index }: Access): { dtype: number; length: number } {
  if (space !== SPACE.result) {
    const tensor = (space === SPACE.input ? facts.inputs : facts.weights)[index];
    if (!tensor) return refuse("V7", `${space === SPACE.input ? "input" : "weight"} ${index} does not exist`, index);
    return { dtype: tensor.dtype, length: elementsOf(tensor) };
  }
  if (index >= k && !inGroup(kernel, k, index))
    refuse("V7", `result ${index} is neither earlier nor in the group`, index);
  const writer = index === k ? kernelFacts(kernel) : facts.kernels[index];
  if (!writer) return refuse("V7", `kernel ${index} does not exist`, index);
  return { dtype: writer.outType, length: writer.elements };
}

function checkV7(checked: Checked): void {
  for (const [a, access] of checked.kernel.accesses.entries()) {
    const { dtype, length } = declared(checked, access);
    if (access.dtype !== dtype)
      checked.refuse("V7", `access ${a} says dtype ${access.dtype}, its source has ${dtype}`, access.dtype);
    if (access.length !== length)
      checked.refuse("V7", `access ${a} says ${access.length} elements, its source has ${length}`, access.length);
  }
}

function checkV8({ facts, k, kernel, refuse }: Checked): void {
  const { groupPos, groupSize } = kernel;
  if (groupSize < 1 || groupSize > 4_096) refuse("V8", `a group of ${groupSize}; 1 to 4096`, groupSize);
  if (groupPos >= groupSize) refuse("V8", `position ${groupPos} in a group of ${groupSize}`, groupPos);
  const first = k - groupPos;
  if (first < 0 || first + groupSize > facts.kernels.length)
    refuse("V8", `the group, kernels ${first} to ${first + groupSize - 1}, is not inside the Program`, first);
  for (const index of [k - 1, k + 1]) {
    if (!inGroup(kernel, k, index)) continue;
    const neighbour = facts.kernels[index]!;
    const matches = neighbour.groupSize === groupSize && neighbour.groupPos === groupPos + index - k;
    if (!matches || neighbour.leading !== kernel.loops[0])
      refuse("V8", `neighbour ${index} has another position, size or leading extent`, index);
  }
  const recurrent = groupSize > 1 || kernel.accesses.some(({ space, index }) => space === SPACE.result && index === k);
  if (recurrent && kernel.loops.length === 0) refuse("V8", "a recurrent kernel needs a leading loop", 0);
}

function checkV9({ facts, k, kernel, refuse }: Checked): void {
  const { gas, bytes } = costOf(facts, k, kernel);
  if (gas > MAX_GAS) refuse("V9", `proving one element may cost ${gas} gas; at most ${MAX_GAS}`, gas);
  if (bytes > MAX_BYTES) refuse("V9", `proving one element may need ${bytes} bytes; at most ${MAX_BYTES}`, bytes);
}

const CHECKS = [checkV1, checkV2, checkV3, checkV4, checkV5, checkV6, checkV7, checkV8, checkV9];

/** @throws ProgramError with the first rule that kernel k of a Program with these facts breaks. */
export function validateKernel(facts: ProgramFacts, k: number, kernel: Kernel): void {
  for (const check of CHECKS) check({ facts, k, kernel, refuse: refuserOf(k) });
}

/** @throws ProgramError with the first rule that the Program breaks. */
export function validateProgram(program: Program): void {
  encodeHeader(program);
  checkHeaderForm({ ...program, kernelCount: program.kernels.length });
  const facts = factsOf(program);
  for (const [k, kernel] of program.kernels.entries()) validateKernel(facts, k, kernel);
  for (const [i, { kernel, dims }] of program.outputs.entries()) {
    const elements = elementsOf({ dtype: 0, dims });
    if (elements !== facts.kernels[kernel]!.elements)
      throw new ProgramError(`output ${i} has dims of ${elements} elements, kernel ${kernel} gives another number`, {
        rule: "header",
        value: elements,
      });
  }
}
