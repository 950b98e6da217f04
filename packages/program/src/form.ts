/** Rules that a header or a kernel keeps or breaks on its face, whatever its neighbours are. */
import { ProgramError } from "./errors.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { product, SEGMENTS } from "./kernel.ts";
import type { Kernel, Program } from "./types.ts";

const MAX_ELEMENTS = 2 ** 30;

/** V1 but for the length, and the space of V7: what the types of `Kernel` promise. */
export function checkForm(kernel: Kernel, k?: number): void {
  const refuse = (message: string, value: number, instruction?: number): never => {
    throw new ProgramError(message, { rule: "V1", kernel: k, instruction, value });
  };
  for (const dtype of [kernel.outType, ...kernel.accesses.map((access) => access.dtype)])
    if (dtype > 3) refuse(`dtype ${dtype} does not exist`, dtype);
  for (const [a, { space }] of kernel.accesses.entries())
    if (space > 2)
      throw new ProgramError(`access ${a} reads space ${space}, which does not exist`, {
        rule: "V7",
        kernel: k,
        value: space,
      });
  const instructions = SEGMENTS.flatMap((segment) => kernel[segment]);
  for (const [i, [op, ...operands]] of instructions.entries()) {
    const info = INSTRUCTIONS[op] ?? refuse(`op ${op} does not exist`, op, i);
    for (const unused of operands.slice(info.operands.length))
      if (unused) refuse(`${info.name} has ${info.operands.length} operands; the byte ${unused} must be 0`, unused, i);
  }
}

type HeaderLists = Omit<Program, "kernels"> & { readonly kernelCount: number };

const refuseHeader = (message: string, value: number): never => {
  throw new ProgramError(message, { rule: "header", value });
};

function checkDims(dims: readonly number[], what: string): void {
  if (dims.length > 8) refuseHeader(`${what} has rank ${dims.length}; at most 8`, dims.length);
  for (const dim of dims) if (dim < 1) refuseHeader(`${what} has an empty dim`, dim);
  const elements = product(dims);
  if (elements > MAX_ELEMENTS) refuseHeader(`${what} has ${elements} elements; at most 2^30`, elements);
}

/** The header's rules but for the elements of outputs, which their kernels know. */
export function checkHeaderForm({ inputs, weights, kernelCount, outputs }: HeaderLists): void {
  if (inputs.length > 256) refuseHeader(`${inputs.length} inputs; at most 256`, inputs.length);
  if (weights.length > 65_536) refuseHeader(`${weights.length} weights; at most 65536`, weights.length);
  if (kernelCount < 1 || kernelCount > 65_536) refuseHeader(`${kernelCount} kernels; 1 to 65536`, kernelCount);
  if (outputs.length < 1 || outputs.length > 256) refuseHeader(`${outputs.length} outputs; 1 to 256`, outputs.length);
  for (const [name, list] of [["input", inputs] as const, ["weight", weights] as const])
    for (const [i, { dtype, dims }] of list.entries()) {
      if (dtype > 3) refuseHeader(`${name} ${i} has dtype ${dtype}, which does not exist`, dtype);
      checkDims(dims, `${name} ${i}`);
    }
  let last = -1;
  for (const [i, { kernel, dims }] of outputs.entries()) {
    if (kernel <= last || kernel >= kernelCount)
      refuseHeader(`output ${i} is kernel ${kernel}; outputs ascend and stay below ${kernelCount}`, kernel);
    checkDims(dims, `output ${i}`);
    last = kernel;
  }
}
