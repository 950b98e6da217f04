import { concatBytes, keccak, treeRoot } from "@opengradient/commitments";
import {
  type Committed,
  commitTensors,
  decodeHeader,
  encodeHeader,
  type Kernel,
  outputsOf,
  type Program,
  programRoot,
  type Statement,
  type Tensor,
  tensorsRoot,
  traceLeaves,
} from "../src/index.ts";

/** A kernel from the parts that matter to a test: an r = 1 map of 4 elements that stores its loop index. */
export const kernelWith = (parts: Partial<Kernel>): Kernel => ({
  outType: 1,
  loops: [4],
  folds: [],
  state: 0,
  accesses: [],
  constants: [],
  init: [],
  step: [],
  done: [],
  results: [4],
  groupPos: 0,
  groupSize: 1,
  ...parts,
});

/** A Program of one kernel, which is its output. */
export const programWith = (kernel: Kernel, parts: Partial<Program> = {}): Program => ({
  inputs: [],
  weights: [],
  kernels: [kernel],
  outputs: [{ kernel: 0, dims: kernel.loops }],
  ...parts,
});

/** An i32 or f32 tensor of words. */
export function tensorOf(dtype: 0 | 1, words: readonly number[]): Tensor {
  const data = new Uint8Array(4 * words.length);
  const view = new DataView(data.buffer);
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word >>> 0, true);
  return { dtype, dims: [words.length], data };
}

export const wordsOf = (data: Uint8Array): number[] =>
  Array.from({ length: data.length / 4 }, (_, i) => new DataView(data.buffer, data.byteOffset).getUint32(4 * i, true));

export type Run = {
  readonly weights: readonly Tensor[];
  readonly inputs: readonly Tensor[];
  readonly results: readonly Uint8Array[];
};

/** What an operator with these results commits to, and what the chain then knows. */
export function claimOf(program: Program, run: Run): { committed: Committed; statement: Statement } {
  const traceSalt = keccak(concatBytes([Uint8Array.of(1, 2, 3)]));
  const committed = commitTensors(program, { ...run, traceSalt });
  const statement: Statement = {
    header: decodeHeader(encodeHeader(program)),
    programRoot: programRoot(program),
    weightsRoot: tensorsRoot(run.weights),
    inputRoot: tensorsRoot(run.inputs),
    outputRoot: tensorsRoot(outputsOf(program, run.results)),
    traceRoot: treeRoot(traceLeaves(program, traceSalt, committed.roots[2])),
    traceSalt,
  };
  return { committed, statement };
}
