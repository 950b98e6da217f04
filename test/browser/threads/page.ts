/** Runs one product on one thread and on two, and says whether their bits are the same. */
import { compile, load } from "@opengradient/engine";
import type { Access, Kernel, Program, Tensor } from "@opengradient/program";

const [ROWS, COLUMNS, DEPTH] = [64, 96, 512];

function side(space: 0 | 1, rows: number, coef: readonly number[]): Access {
  const length = rows * DEPTH;
  const coordinates = [{ base: 0, extent: length, stride: 1, coef }];
  return { space, index: 0, dtype: 0, length, elseWord: 0, dynMask: 0, coordinates };
}

const kernel: Kernel = {
  outType: 0,
  loops: [ROWS, COLUMNS],
  folds: [DEPTH],
  state: 1,
  accesses: [side(0, ROWS, [DEPTH, 0, 1]), side(1, COLUMNS, [0, DEPTH, 1])],
  constants: [0],
  init: [],
  step: [
    [0, 0, 0, 0],
    [0, 1, 0, 0],
    [3, 17, 18, 0],
    [1, 0, 19, 0],
  ],
  done: [],
  results: [16, 20, 0],
  groupPos: 0,
  groupSize: 1,
};

function tensor(rows: number, seed: number): Tensor {
  const values = Float32Array.from({ length: rows * DEPTH }, (_, i) => ((i * seed) % 1021) / 512 - 1);
  return { dtype: 0, dims: [rows, DEPTH], data: new Uint8Array(values.buffer) };
}

const program: Program = {
  inputs: [{ dtype: 0, dims: [ROWS, DEPTH] }],
  weights: [{ dtype: 0, dims: [COLUMNS, DEPTH] }],
  kernels: [kernel],
  outputs: [{ kernel: 0, dims: [ROWS, COLUMNS] }],
};

async function runs(): Promise<{ threads: number; note: string; same: boolean }> {
  const weights = [tensor(COLUMNS, 7919)];
  const one = await load(await compile(program), weights);
  const two = await load(await compile(program, { threads: 2 }), weights);
  let same = true;
  for (let seed = 1; seed <= 20; seed++) {
    const inputs = [tensor(ROWS, seed)];
    const [a, b] = [one.run(inputs)[0]!.data, two.run(inputs)[0]!.data];
    same &&= a.every((byte, i) => byte === b[i]);
  }
  two.close();
  return { threads: two.threads, note: two.threadsNote, same };
}

Object.assign(globalThis, { runs });
