import {
  type Access,
  type Dtype,
  type Kernel,
  type Program,
  type Tensor,
  validateProgram,
} from "@opengradient/program";
import { type Random, randomFrom } from "@opengradient/program/random";

export type DotOptions = {
  readonly n: number;
  readonly dtype: Dtype;
  readonly fill: (random: Random, i: number) => number;
};

export type Dot = { readonly program: Program; readonly weights: Tensor[]; readonly inputs: Tensor[] };

/** One row of n products: input 0 (1 × n) times weight 0 (4 × n). */
export function dotOf({ n, dtype, fill }: DotOptions): Dot {
  const access = (space: 0 | 1, length: number, coef: number[]): Access => ({
    ...{ space, index: 0, dtype, length, elseWord: 0, dynMask: 0 },
    coordinates: [{ base: 0, extent: length, stride: 1, coef }],
  });
  const real = dtype === 0;
  const kernel: Kernel = {
    ...{ outType: real ? 0 : 1, loops: [4], folds: [n], state: 1, constants: [0], init: [], done: [] },
    accesses: [access(0, n, [0, 1]), access(1, 4 * n, [n, 1])],
    step: [
      [0, 0, 0, 0],
      [0, 1, 0, 0],
      [real ? 3 : 19, 17, 18, 0],
      [real ? 1 : 17, 0, 19, 0],
    ],
    ...{ results: [16, 20, 0], groupPos: 0, groupSize: 1 },
  };
  const program: Program = {
    inputs: [{ dtype, dims: [n] }],
    weights: [{ dtype, dims: [4, n] }],
    kernels: [kernel],
    outputs: [{ kernel: 0, dims: [4] }],
  };
  validateProgram(program);
  const random = randomFrom(9);
  const tensor = (dims: number[]): Tensor => {
    const length = dims.reduce((all, dim) => all * dim, 1);
    const data = new Uint8Array(length * (real ? 4 : 1));
    const view = new DataView(data.buffer);
    for (let i = 0; i < length; i++)
      if (real) view.setUint32(4 * i, fill(random, i) >>> 0, true);
      else view.setUint8(i, fill(random, i) & 0xff);
    return { dtype, dims, data };
  };
  return { program, weights: [tensor([4, n])], inputs: [tensor([n])] };
}

/** f32 words whose exponents lie between two bounds. */
export const exponents = (low: number, high: number) => (random: Random) =>
  (random.word() & 0x807fffff) | (random.between(low, high) << 23);
