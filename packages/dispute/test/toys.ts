import type { Access, Dtype, Instruction, Kernel, Program, Tensor } from "@opengradient/program";
import { OP, runReference, validateProgram, widthOf } from "@opengradient/program";

/** A small deterministic generator (mulberry32): the same seed gives the same Programs, data and lies everywhere. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

export type Random = ReturnType<typeof randomOf>;

type Source = { readonly space: 0 | 1 | 2; readonly index: number; readonly dtype: Dtype; readonly length: number };
type Alone = Omit<Kernel, "groupPos" | "groupSize">;

const read = (source: Source, coordinates: Access["coordinates"], dynMask = 0): Access => ({
  ...source,
  elseWord: 7,
  dynMask,
  coordinates,
});

const along = (length: number): Access["coordinates"] => [{ base: 0, extent: length, stride: 1, coef: [1] }];

const LD = (access: number, register = 0): Instruction => [OP.ld, access, register, 0];

/** out[i] = source[i]·c + d, in integers, so that every bit of a lie goes on. */
function scale(source: Source, outType: Dtype, random: Random): Alone {
  const code: Instruction[] = [LD(0), [OP.imul, 18, 16, 0], [OP.iadd, 19, 17, 0]];
  return {
    outType,
    loops: [source.length],
    folds: [],
    state: 0,
    accesses: [read(source, along(source.length))],
    constants: [2 * random(1 << 20) + 1, random(1 << 30)],
    init: [],
    step: [],
    done: code,
    results: [20],
  };
}

/** out[i] = Σ_j source[i·m + j] */
function rowSums(source: Source, m: number): Alone {
  const coordinates = [{ base: 0, extent: source.length, stride: 1, coef: [m, 1] }];
  return {
    outType: 1,
    loops: [source.length / m],
    folds: [m],
    state: 1,
    accesses: [read(source, coordinates)],
    constants: [0],
    init: [],
    step: [LD(0), [OP.iadd, 0, 17, 0]],
    done: [[OP.or, 0, 0, 0]],
    results: [16, 18, 17],
  };
}

/** out[i] = source[index[i] & mask] */
function gather(source: Source, index: Source, mask: number): Alone {
  const free = [{ base: 0, extent: source.length, stride: 1, coef: [0] }];
  return {
    outType: 1,
    loops: [index.length],
    folds: [],
    state: 0,
    accesses: [read(index, along(index.length)), read(source, free, 1)],
    constants: [mask],
    init: [],
    step: [],
    done: [LD(0), [OP.and, 17, 16, 0], LD(1, 18)],
    results: [19],
  };
}

const slices = (T: number, base: number): Access["coordinates"] => [
  { base, extent: T, stride: 3, coef: [1, 0] },
  { base: 0, extent: 3, stride: 1, coef: [0, 1] },
];

/** a[t] = source[t] + b[t−1], b[t] = 3·a[t] + b[t−1]: a recurrent group of two over T slices of three. */
function recurrence(source: Source, k: number): Kernel[] {
  const T = source.length / 3;
  const result = (index: number): Source => ({ space: 2, index, dtype: 1, length: source.length });
  const common = { outType: 1 as const, loops: [T, 3], folds: [], state: 0, init: [], step: [] };
  const a: Kernel = {
    ...common,
    accesses: [read(source, slices(T, 0)), read(result(k + 1), slices(T, -1))],
    constants: [],
    done: [LD(0), LD(1), [OP.iadd, 16, 17, 0]],
    results: [18],
    groupPos: 0,
    groupSize: 2,
  };
  const b: Kernel = {
    ...common,
    accesses: [read(result(k), slices(T, 0)), read(result(k + 1), slices(T, -1))],
    constants: [3],
    done: [LD(0), LD(1), [OP.imul, 17, 16, 0], [OP.iadd, 19, 18, 0]],
    results: [20],
    groupPos: 1,
    groupSize: 2,
  };
  return [a, b];
}

export type Toy = {
  readonly program: Program;
  readonly weights: readonly Tensor[];
  readonly inputs: readonly Tensor[];
  readonly results: readonly Uint8Array[];
};

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256));
}

function nextKernels(random: Random, sources: readonly Source[], k: number): Kernel[] {
  const source = sources[random(sources.length)]!;
  const alone = (kernel: Alone): Kernel[] => [{ ...kernel, groupPos: 0, groupSize: 1 }];
  switch (random(6)) {
    case 0:
      return source.length % 4 === 0 && source.length > 4 ? alone(rowSums(source, 4)) : alone(scale(source, 2, random));
    case 1: {
      const index = sources[random(sources.length)]!;
      return alone(gather(source, index, 255));
    }
    case 2:
    case 3:
      return source.length % 3 === 0 && source.length > 3 && source.dtype < 2
        ? recurrence(source, k)
        : alone(scale(source, 3, random));
    default:
      return alone(scale(source, random(2) as Dtype, random));
  }
}

/** A random valid Program of maps, sums, gathers and recurrences with its data, run by the reference. */
export function randomToy(seed: number, { kernels: wanted = 6, length = 0 } = {}): Toy {
  const random = randomOf(seed);
  const size = length || [6, 64, 72, 300, 513][random(5)]!;
  const inputs = [{ dtype: 0 as Dtype, dims: [size] }];
  const weights = [
    { dtype: 1 as Dtype, dims: [12] },
    { dtype: 3 as Dtype, dims: [size] },
  ];
  const sources: Source[] = [
    { space: 0, index: 0, dtype: 0, length: size },
    { space: 1, index: 0, dtype: 1, length: 12 },
    { space: 1, index: 1, dtype: 3, length: size },
  ];
  // The first kernel reads the input, so that every toy depends on it.
  const kernels: Kernel[] = [{ ...scale(sources[0]!, 1, random), groupPos: 0, groupSize: 1 }];
  sources.push({ space: 2, index: 0, dtype: 1, length: size });
  while (kernels.length < wanted) {
    const next = nextKernels(random, sources, kernels.length);
    for (const kernel of next) {
      const elements = kernel.loops.reduce((a, b) => a * b, 1);
      sources.push({ space: 2, index: kernels.length, dtype: kernel.outType, length: elements });
      kernels.push(kernel);
    }
  }
  const outputs = kernels
    .map((_, kernel) => kernel)
    .filter((kernel) => kernel === kernels.length - 1 || random(4) === 0)
    .map((kernel) => ({ kernel, dims: kernels[kernel]!.loops }));
  const program: Program = { inputs, weights, kernels, outputs };
  validateProgram(program);
  const fill = (info: { dtype: Dtype; dims: number[] }): Tensor => ({
    ...info,
    data: randomBytes(random, info.dims[0]! * widthOf(info.dtype)),
  });
  const [w, x] = [weights.map(fill), inputs.map(fill)];
  return { program, weights: w, inputs: x, results: runReference(program, w, x) };
}

/** A recurrent group of two over `T` slices of three words, on a scaled input; b is the output. */
export function recurrentToy(seed: number, T: number): Toy {
  const random = randomOf(seed);
  const length = 3 * T;
  const kernels: Kernel[] = [
    { ...scale({ space: 0, index: 0, dtype: 1, length }, 1, random), groupPos: 0, groupSize: 1 },
    ...recurrence({ space: 2, index: 0, dtype: 1, length }, 1),
  ];
  const inputs = [{ dtype: 1 as Dtype, dims: [length], data: randomBytes(random, 4 * length) }];
  const program: Program = {
    inputs: [{ dtype: 1, dims: [length] }],
    weights: [],
    kernels,
    outputs: [{ kernel: 2, dims: [T, 3] }],
  };
  validateProgram(program);
  return { program, weights: [], inputs, results: runReference(program, [], inputs) };
}

/** Results of a recurrent toy in which one word of b is false at slice `t`, and everything after follows from it. */
export function falseSlice({ results }: Toy, T: number, t: number): Uint8Array[] {
  const [source, a, b] = results.map((data) => new Int32Array(data.slice().buffer)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  b[3 * t]! ^= 1;
  for (let e = 3 * (t + 1); e < 3 * T; e++) {
    a[e] = source[e]! + b[e - 3]!;
    b[e] = Math.imul(3, a[e]!) + b[e - 3]!;
  }
  return [source, a, b].map((words) => new Uint8Array(words.buffer));
}
