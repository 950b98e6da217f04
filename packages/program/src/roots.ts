/** Commitments to a Program and to the tensors of a run (docs/spec/commitments.md). */
import {
  concatBytes,
  type Hash,
  type HashList,
  hashTensor,
  listRoot,
  programLeaves,
  traceLeaf,
  treeRoot,
} from "@opengradient/commitments";
import { encodeHeader, encodeKernel } from "./encode.ts";
import { elementsOf, resultElements } from "./kernel.ts";
import type { Program, Tensor } from "./types.ts";

/** The header's leaf, then one for each kernel. */
export const programLeavesOf = (program: Program): HashList =>
  programLeaves(
    encodeHeader(program),
    program.kernels.map((kernel, k) => encodeKernel(kernel, k)),
  );

export const programRoot = (program: Program): Hash => treeRoot(programLeavesOf(program));

export const tensorRootOf = (tensor: Tensor): Hash => hashTensor(tensor.dtype, elementsOf(tensor), tensor.data);

/** inputRoot, outputRoot or weightsRoot, by what is given. */
export const tensorsRoot = (tensors: readonly Tensor[]): Hash => listRoot(concatBytes(tensors.map(tensorRootOf)));

/** tensorRoots of all results, in order. */
export const resultRoots = (program: Program, results: readonly Uint8Array[]): HashList =>
  concatBytes(program.kernels.map((kernel, k) => hashTensor(kernel.outType, resultElements(kernel), results[k]!)));

/** The kernels that are no outputs, ascending: whose results the trace commits to. */
export function traceKernels(program: Program): number[] {
  const outputs = new Set(program.outputs.map(({ kernel }) => kernel));
  return program.kernels.map((_, k) => k).filter((k) => !outputs.has(k));
}

/** Leaves of the trace, from the tensorRoots of all results. Its treeRoot is traceRoot. */
export const traceLeaves = (program: Program, salt: Hash, roots: HashList): HashList =>
  concatBytes(traceKernels(program).map((k) => traceLeaf(salt, k, roots.subarray(32 * k, 32 * k + 32))));
