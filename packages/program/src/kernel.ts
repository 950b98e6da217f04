import { OP, REGISTER } from "./instructions.ts";
import type { Access, Dtype, Instruction, Kernel, Program, TensorInfo } from "./types.ts";

export const DTYPE = { f32: 0, i32: 1, i8: 2, u8: 3 } as const;
export const SPACE = { input: 0, weight: 1, result: 2 } as const;
export const DTYPE_NAMES = ["f32", "i32", "i8", "u8"] as const;

export const SEGMENTS = ["init", "step", "done"] as const;
export type Segment = (typeof SEGMENTS)[number];

export const product = (factors: readonly number[]): number => factors.reduce((all, factor) => all * factor, 1);

/** Bytes of an element. */
export const widthOf = (dtype: Dtype): 1 | 4 => (dtype <= DTYPE.i32 ? 4 : 1);

/** Elements in a leaf of 256 bytes. */
export const perLeaf = (dtype: Dtype): 64 | 256 => (dtype <= DTYPE.i32 ? 64 : 256);

export const elementsOf = (tensor: TensorInfo): number => product(tensor.dims);

/** Elements of a kernel's result. */
export const resultElements = (kernel: Kernel): number => product(kernel.loops);

/** F: evaluations of `step` for one element, 1 without folds. */
export const foldSteps = (kernel: Kernel): number => product(kernel.folds);

export const firstInstructionRegister = (kernel: Kernel): number => REGISTER.constant + kernel.constants.length;

/** Result registers of a segment: S after init, S after step, 1 after done. */
export function segmentResults(kernel: Kernel, segment: Segment): readonly number[] {
  const S = kernel.state;
  if (segment === "init") return kernel.results.slice(0, S);
  return segment === "step" ? kernel.results.slice(S, 2 * S) : kernel.results.slice(2 * S);
}

export const dynamicCount = (access: Access): number => {
  let count = 0;
  for (let mask = access.dynMask; mask; mask &= mask - 1) count++;
  return count;
};

/** How many registers `ld` adds to an access's coordinates: operands b and c beyond that are 0. */
export const isLoad = (instruction: Instruction): boolean => instruction[0] === OP.ld;

/** Σ_j coef_{j,axis}·stride_j: elements that the address moves when a loop (axis < r) or a fold (axis − r) index grows by one. */
export const addressStep = (access: Access, axis: number): bigint =>
  access.coordinates.reduce((sum, at) => sum + BigInt(at.coef[axis]!) * BigInt(at.stride), 0n);

/** What a kernel's neighbours and readers need to know about it. */
export type KernelFacts = {
  readonly outType: Dtype;
  readonly elements: number;
  /** T, the leading extent; undefined when r = 0 */
  readonly leading: number | undefined;
  readonly groupPos: number;
  readonly groupSize: number;
};

/** What validity and cost of a kernel depend on besides the kernel. */
export type ProgramFacts = {
  readonly inputs: readonly TensorInfo[];
  readonly weights: readonly TensorInfo[];
  readonly kernels: readonly KernelFacts[];
};

export const kernelFacts = (kernel: Kernel): KernelFacts => ({
  outType: kernel.outType,
  elements: resultElements(kernel),
  leading: kernel.loops[0],
  groupPos: kernel.groupPos,
  groupSize: kernel.groupSize,
});

export const factsOf = (program: Program): ProgramFacts => ({
  inputs: program.inputs,
  weights: program.weights,
  kernels: program.kernels.map(kernelFacts),
});
