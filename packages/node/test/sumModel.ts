import { type Dtype, OP, type Program } from "@opengradient/program";
import { modelOf, type StoredModel } from "../src/modelFiles.ts";

const tensor = (dims: readonly number[]) => ({ dtype: 1 as Dtype, dims });
const programOf = (length: number): Program => ({
  inputs: [tensor([4])],
  weights: [tensor([length])],
  kernels: [
    {
      outType: 1,
      loops: [4],
      folds: [],
      state: 0,
      accesses: ([0, 1] as const).map((space) => ({
        space,
        index: 0,
        dtype: 1 as Dtype,
        length: space === 0 ? 4 : length,
        elseWord: 0,
        dynMask: 0,
        coordinates: [{ base: 0, extent: 4, stride: 1, coef: [1] }],
      })),
      constants: [],
      init: [],
      step: [],
      done: [
        [OP.ld, 0, 0, 0],
        [OP.ld, 1, 0, 0],
        [OP.iadd, 16, 17, 0],
      ],
      results: [18],
      groupPos: 0,
      groupSize: 1,
    },
  ],
  outputs: [{ kernel: 0, dims: [4] }],
});
export const hash = (byte: string) => `0x${byte.repeat(32)}` as const;

/** Adds its input to the first four of `length` weights. */
export const sumModel = (length: number): StoredModel =>
  modelOf({ name: "sum", sourceHash: hash("01"), compilerHash: hash("02") }, programOf(length), [
    { ...tensor([length]), data: Uint8Array.from({ length: 4 * length }, (_, i) => i ^ (i >> 8)) },
  ]);
