import {
  claimSide,
  concatBytes,
  descendants,
  type Hash,
  type HashList,
  hashAt,
  hashCount,
  type Levels,
  leafBytes,
  leafCount,
  listRootFrom,
  OBJECT,
  type Position,
  rootOf,
  tensorRoot,
  tensorTree,
  treeLevels,
} from "@opengradient/commitments";
import {
  type Dtype,
  elementsOf,
  type Kernel,
  type Program,
  resultElements,
  resultRoots,
  traceKernels,
  traceLeaves,
  widthOf,
} from "@opengradient/program";

/** dtype and number of elements of a flat tensor: what its root binds. */
export type Shape = { readonly dtype: Dtype; readonly elements: number };

/** Bytes in, bytes out: the inputs of a run and the result of every kernel, packed little-endian. */
export type Run = { readonly inputs: readonly Uint8Array[]; readonly results: readonly Uint8Array[] };

/** A run with everything that a claim and a dispute hash of it. */
export type CommittedRun = Run & {
  readonly program: Program;
  readonly traceSalt: Hash;
  /** tensorRoots */
  readonly inputRoots: HashList;
  readonly resultRoots: HashList;
  /** trees over the tensorRoots (inputs, outputs) and over the salted leaves (trace) */
  readonly inputList: Levels;
  readonly outputList: Levels;
  readonly trace: Levels;
  readonly inputRoot: Hash;
  readonly outputRoot: Hash;
  readonly traceRoot: Hash;
};

export type Opening = {
  readonly salt: Hash;
  readonly inputRoot: Hash;
  readonly outputRoot: Hash;
  readonly traceRoot: Hash;
};

export const resultShape = (kernel: Kernel): Shape => ({ dtype: kernel.outType, elements: resultElements(kernel) });

export function inputShape(program: Program, input: number): Shape {
  const info = program.inputs[input]!;
  return { dtype: info.dtype, elements: elementsOf(info) };
}

export const shapeLeaves = ({ dtype, elements }: Shape): number => leafCount(elements * widthOf(dtype));

const trees = new WeakMap<Uint8Array, Levels>();

/** The tree of tensor data, remembered as long as the data live. */
export function treeOf(data: Uint8Array): Levels {
  const known = trees.get(data) ?? tensorTree(data);
  trees.set(data, known);
  return known;
}

const rootOfTensor = ({ dtype, elements }: Shape, data: Uint8Array): Hash =>
  tensorRoot(dtype, elements, rootOf(tensorTree(data)));

/**
 * Hashes a run. An input may also be given with its padding, as whole 256-byte leaves: a committed input whose padding
 * is not zero has another root than the same elements with zeros, and reads the same.
 */
export function commitRun(program: Program, run: Run, traceSalt: Hash): CommittedRun {
  const inputRoots = concatBytes(run.inputs.map((data, i) => rootOfTensor(inputShape(program, i), data)));
  return commitRoots(program, run, { traceSalt, inputRoots, resultRoots: resultRoots(program, run.results) });
}

/** The same over given tensorRoots, one for each input and each kernel. */
export function commitRoots(
  program: Program,
  run: Run,
  roots: { traceSalt: Hash; inputRoots: HashList; resultRoots: HashList },
): CommittedRun {
  const { traceSalt, inputRoots } = roots;
  const inputList = treeLevels(inputRoots);
  const outputList = treeLevels(concatBytes(program.outputs.map(({ kernel }) => hashAt(roots.resultRoots, kernel))));
  const trace = treeLevels(traceLeaves(program, traceSalt, roots.resultRoots));
  return {
    program,
    inputs: run.inputs,
    results: run.results,
    ...roots,
    inputList,
    outputList,
    trace,
    inputRoot: listRootFrom(hashCount(inputRoots), rootOf(inputList)),
    outputRoot: listRootFrom(program.outputs.length, rootOf(outputList)),
    traceRoot: rootOf(trace),
  };
}

export const openingOf = (run: CommittedRun, salt: Hash): Opening => ({
  salt,
  inputRoot: run.inputRoot,
  outputRoot: run.outputRoot,
  traceRoot: run.traceRoot,
});

export const claimInput = (salt: Hash, { inputRoot }: CommittedRun): Hash => claimSide(salt, 0, inputRoot);
export const claimOutput = (salt: Hash, { outputRoot }: CommittedRun): Hash => claimSide(salt, 1, outputRoot);

/** What answers a demand: the descendants (at j = 1 of the trace tensorRoots), or the 256 bytes of a leaf. */
export function revealNode(run: CommittedRun, { object, tensor, j, i }: Position): Uint8Array {
  switch (object) {
    case OBJECT.claim:
      throw new RangeError("a claim is opened by its opening, not by a node");
    case OBJECT.trace: {
      if (j > 1) return descendants(run.trace, j, i);
      const kernels = traceKernels(run.program).slice(256 * i, 256 * (i + 1));
      return concatBytes(kernels.map((k) => hashAt(run.resultRoots, k)));
    }
    case OBJECT.inputs:
      return descendants(run.inputList, j, i);
    case OBJECT.outputs:
      return descendants(run.outputList, j, i);
    default: {
      const data = object === OBJECT.inputTensor ? run.inputs[tensor]! : run.results[tensor]!;
      return j === 0 ? leafBytes(data, i) : descendants(treeOf(data), j, i);
    }
  }
}

/** Tensor data of `shape` from whole leaves: the padding cut off. */
export const trimLeaves = ({ dtype, elements }: Shape, leaves: Uint8Array): Uint8Array =>
  leaves.subarray(0, elements * widthOf(dtype));
