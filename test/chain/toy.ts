import { join } from "node:path";
import { modelOf, type StoredModel, writeModel } from "@opengradient/node";
import { type Dtype, type Kernel, OP, type Program, type Tensor, validateProgram } from "@opengradient/program";
import { newSalt, type Package } from "@opengradient/protocol";
import { scratch } from "../../packages/node/test/scratch.ts";

const K = 16;

const box = (space: 0 | 1 | 2, index: number, length: number, coefs: readonly number[][], extents: number[]) => ({
  space,
  index,
  dtype: 0 as Dtype,
  length,
  elseWord: 0,
  dynMask: 0,
  coordinates: coefs.map((coef, j) => ({
    base: 0,
    extent: extents[j]!,
    stride: j === 0 && coefs.length > 1 ? K : 1,
    coef,
  })),
});

/** out[n] = Σ_k source[k]·weight[n][k], a dot fold. */
const dense = (source: 0 | 2, index: number, weight: number, n: number): Kernel => ({
  outType: 0,
  loops: [n],
  folds: [K],
  state: 1,
  accesses: [
    box(source, index, K, [[0, 1]], [K]),
    box(
      1,
      weight,
      n * K,
      [
        [1, 0],
        [0, 1],
      ],
      [n, K],
    ),
  ],
  constants: [0],
  init: [],
  step: [
    [OP.ld, 0, 0, 0],
    [OP.ld, 1, 0, 0],
    [OP.fmul, 17, 18, 0],
    [OP.fadd, 0, 19, 0],
  ],
  done: [[OP.or, 0, 0, 0]],
  results: [16, 20, 17],
  groupPos: 0,
  groupSize: 1,
});

/** out = max(source, 0) */
const relu = (index: number): Kernel => ({
  outType: 0,
  loops: [K],
  folds: [],
  state: 0,
  accesses: [box(2, index, K, [[1]], [K])],
  constants: [0],
  init: [],
  step: [],
  done: [
    [OP.ld, 0, 0, 0],
    [OP.fmax, 17, 16, 0],
  ],
  results: [18],
  groupPos: 0,
  groupSize: 1,
});

const floats = (dims: readonly number[], at: (i: number) => number): Tensor => {
  const length = dims.reduce((a, b) => a * b, 1);
  return { dtype: 0, dims, data: new Uint8Array(Float32Array.from({ length }, (_, i) => at(i)).buffer) };
};

/** Two dense layers with a relu between: small, and every lie in it goes through the same court as a large one. */
export function toyModel(): StoredModel {
  const program: Program = {
    inputs: [{ dtype: 0, dims: [K] }],
    weights: [
      { dtype: 0, dims: [K, K] },
      { dtype: 0, dims: [4, K] },
    ],
    kernels: [dense(0, 0, 0, K), relu(0), dense(2, 1, 1, 4)],
    outputs: [{ kernel: 2, dims: [4] }],
  };
  validateProgram(program);
  const weights = [
    floats([K, K], (i) => Math.fround(((i * 37) % 19) / 7 - 1)),
    floats([4, K], (i) => ((i * 11) % 13) - 5),
  ];
  const hash = (byte: string) => `0x${byte.repeat(32)}` as const;
  return modelOf({ name: "toy", sourceHash: hash("01"), compilerHash: hash("02") }, program, weights);
}

export const toyInput = (seed: number): Package => ({
  salt: newSalt(),
  tensors: [floats([K], (i) => Math.fround(((i + seed) % 7) / 3)) as Package["tensors"][number]],
});

/** Where a node finds a model. */
export function modelFolder(model: StoredModel): string {
  const folder = join(scratch(), model.name);
  writeModel(folder, model);
  return folder;
}
