/** Kernels made by hand, as a compiler would make them, and tensors full of special values. */
import type { Access, Coordinate, Dtype, Instruction, Kernel, Program, Tensor } from "@opengradient/program";

export type Random = () => number;

/** mulberry32 */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

export const below = (next: Random, n: number): number => next() % n;
export const pick = <T>(next: Random, list: readonly T[]): T => list[below(next, list.length)]!;

/** ±0, NaNs quiet and signalling with payloads, infinities, denormals, extremes */
const SPECIAL = [
  0, 0x80000000, 0x7fc00000, 0xffc00000, 0x7f800001, 0x7fa12345, 0xffc12345, 0x7f800000, 0xff800000, 1, 0x80000001,
  0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff, 0x3f800000,
];

export type Values = "plain" | "special";

export function tensor(next: Random, dtype: Dtype, dims: readonly number[], values: Values): Tensor {
  const n = dims.reduce((a, b) => a * b, 1);
  if (dtype > 1) return { dtype, dims, data: Uint8Array.from({ length: n }, next) };
  const small = new Float32Array(1);
  const bits = new Uint32Array(small.buffer);
  const words = Uint32Array.from({ length: n }, () => {
    if (values === "special" && below(next, 4) === 0) return pick(next, SPECIAL);
    small[0] = (below(next, 4001) - 2000) / 512;
    return bits[0]!;
  });
  return { dtype, dims, data: new Uint8Array(words.buffer) };
}

export const access = (
  source: Pick<Access, "space" | "index" | "dtype" | "length">,
  coordinates: readonly Coordinate[],
  elseWord = 0,
): Access => ({ ...source, elseWord, dynMask: 0, coordinates });

export const coordinate = (extent: number, stride: number, coef: readonly number[], base = 0): Coordinate => ({
  base,
  extent,
  stride,
  coef,
});

export type Epilogue = "none" | "relu" | "clip" | "residual";

export type ConvShape = {
  readonly dtype: Dtype;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly groups: number;
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
  readonly zeroPoints: number;
  readonly elseWord: number;
  readonly bias: boolean;
  readonly epilogue: Epilogue;
};

export type Case = {
  readonly program: Program;
  readonly weights: readonly Tensor[];
  readonly inputs: readonly Tensor[];
};

/** Axes of extent 1 are left out, as validity asks. */
function squeeze(kernel: Kernel): Kernel {
  const r = kernel.loops.length;
  const extents = [...kernel.loops, ...kernel.folds];
  const kept = extents.map((_, i) => i).filter((i) => extents[i]! > 1);
  return {
    ...kernel,
    loops: kept.filter((i) => i < r).map((i) => extents[i]!),
    folds: kept.filter((i) => i >= r).map((i) => extents[i]!),
    accesses: kernel.accesses.map((a) => ({
      ...a,
      coordinates: a.coordinates.map((c) => ({ ...c, coef: kept.map((i) => c.coef[i]!) })),
    })),
  };
}

function epilogueOf(epilogue: Epilogue, first: number): { done: Instruction[]; result: number } {
  // constant registers: 16 = 0, 17 = 1.0, 18 and 19 = zero points
  if (epilogue === "relu") {
    return {
      done: [
        [12, 0, 16, 0],
        [36, first, 16, 0],
      ],
      result: first + 1,
    };
  }
  if (epilogue === "clip") {
    return {
      done: [
        [6, 0, 17, 0],
        [7, first, 16, 0],
      ],
      result: first + 1,
    };
  }
  if (epilogue === "residual") {
    return {
      done: [
        [0, 3, 0, 0],
        [1, 0, first, 0],
      ],
      result: first + 1,
    };
  }
  return { done: [], result: 0 };
}

function dotStep(float: boolean, zeroPoints: number, first: number): Instruction[] {
  if (float)
    return [
      [0, 0, 0, 0],
      [0, 1, 0, 0],
      [3, first, first + 1, 0],
      [1, 0, first + 2, 0],
    ];
  if (zeroPoints === 0)
    return [
      [0, 0, 0, 0],
      [0, 1, 0, 0],
      [19, first, first + 1, 0],
      [17, 0, first + 2, 0],
    ];
  const left: Instruction[] = [
    [0, 0, 0, 0],
    [18, first, 18, 0],
    [0, 1, 0, 0],
  ];
  if (zeroPoints === 1) return [...left, [19, first + 1, first + 2, 0], [17, 0, first + 3, 0]];
  return [...left, [18, first + 2, 19, 0], [19, first + 1, first + 3, 0], [17, 0, first + 4, 0]];
}

/** x [N][H][W][G·C], w [G·M][KH][KW][C] → [N][OH][OW][G][M] */
export function conv(s: ConvShape, next: Random, values: Values): Case {
  const [kh, kw] = s.kernel;
  const reach = (k: number): number => s.dilation * (k - 1) + 1;
  const oh = Math.floor((s.height + 2 * s.pad - reach(kh)) / s.stride) + 1;
  const ow = Math.floor((s.width + 2 * s.pad - reach(kw)) / s.stride) + 1;
  const inputs = [tensor(next, s.dtype, [s.batch, s.height, s.width, s.groups * s.channels], values)];
  const float = s.dtype === 0;
  const weights = [
    tensor(next, s.dtype, [s.groups * s.outputs, kh, kw, s.channels], values),
    tensor(next, float ? 0 : 1, [s.groups * s.outputs], values),
    tensor(next, 0, [s.batch, oh, ow, s.groups * s.outputs], values),
  ];
  const [N, H, W, C, G, M] = [s.batch, s.height, s.width, s.channels, s.groups, s.outputs];
  const lengthOf = (t: Tensor): number => t.dims.reduce((a, b) => a * b, 1);
  const at = (space: 0 | 1, index: number): Pick<Access, "space" | "index" | "dtype" | "length"> => {
    const t = space === 0 ? inputs[index]! : weights[index]!;
    return { space, index, dtype: t.dtype, length: lengthOf(t) };
  };
  // loops n, oh, ow, g, m; folds kh, kw, c
  const accesses = [
    access(
      at(0, 0),
      [
        coordinate(N, H * W * G * C, [1, 0, 0, 0, 0, 0, 0, 0]),
        coordinate(H, W * G * C, [0, s.stride, 0, 0, 0, s.dilation, 0, 0], -s.pad),
        coordinate(W, G * C, [0, 0, s.stride, 0, 0, 0, s.dilation, 0], -s.pad),
        coordinate(G * C, 1, [0, 0, 0, C, 0, 0, 0, 1]),
      ],
      s.elseWord,
    ),
    access(at(1, 0), [
      coordinate(G * M, kh * kw * C, [0, 0, 0, M, 1, 0, 0, 0]),
      coordinate(kh * kw * C, 1, [0, 0, 0, 0, 0, kw * C, C, 1]),
    ]),
    access(at(1, 1), [coordinate(G * M, 1, [0, 0, 0, M, 1, 0, 0, 0])]),
    access(at(1, 2), [coordinate(N * oh * ow * G * M, 1, [oh * ow * G * M, ow * G * M, G * M, M, 1, 0, 0, 0])]),
  ];
  const constants = [0, 0x3f800000, 3, 0xfffffffb];
  const first = 16 + constants.length;
  const { done, result } = epilogueOf(float ? s.epilogue : "none", first);
  const step = dotStep(float, s.zeroPoints, first);
  const kernel = squeeze({
    outType: float ? 0 : 1,
    loops: [N, oh, ow, G, M],
    folds: [kh, kw, C],
    state: 1,
    accesses,
    constants,
    init: s.bias ? [[0, 2, 0, 0]] : [],
    step,
    done,
    results: [s.bias ? first : 16, first + step.length - 1, result],
    groupPos: 0,
    groupSize: 1,
  });
  const outputs = [{ kernel: 0, dims: [N * oh * ow * G * M] }];
  return { program: { inputs, weights, kernels: [kernel], outputs }, weights, inputs };
}

export type MatmulShape = {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** the right factor is a weight, else an input */
  readonly weight: boolean;
  /** it has a matrix for each batch */
  readonly batched: boolean;
  readonly bias: boolean;
};

/** a [B][M][K] · b ([B])[N][K] → [B][M][N] */
export function matmul(s: MatmulShape, next: Random, values: Values): Case {
  const a = tensor(next, 0, [s.batch, s.m, s.k], values);
  const b = tensor(next, 0, [s.batched ? s.batch : 1, s.n, s.k], values);
  const bias = tensor(next, 0, [s.n], values);
  const inputs = s.weight ? [a] : [a, b];
  const weights = s.weight ? [bias, b] : [bias];
  const space = s.weight ? 1 : 0;
  const right = { space, index: 1, dtype: 0, length: b.data.length / 4 } as const;
  const kernel = squeeze({
    outType: 0,
    loops: [s.batch, s.m, s.n],
    folds: [s.k],
    state: 1,
    accesses: [
      access({ space: 0, index: 0, dtype: 0, length: s.batch * s.m * s.k }, [
        coordinate(s.batch * s.m * s.k, 1, [s.m * s.k, s.k, 0, 1]),
      ]),
      access(right, [coordinate(b.data.length / 4, 1, [s.batched ? s.n * s.k : 0, 0, s.k, 1])]),
      access({ space: 1, index: 0, dtype: 0, length: s.n }, [coordinate(s.n, 1, [0, 0, 1, 0])]),
    ],
    constants: [0],
    init: s.bias ? [[0, 2, 0, 0]] : [],
    step: dotStep(true, 0, 17),
    done: [],
    results: [s.bias ? 17 : 16, 20, 0],
    groupPos: 0,
    groupSize: 1,
  });
  const outputs = [{ kernel: 0, dims: [s.batch * s.m * s.n] }];
  return { program: { inputs, weights, kernels: [kernel], outputs }, weights, inputs };
}

/** A tensor of i32 with these words. */
export const words = (list: readonly number[]): Tensor => ({
  dtype: 1,
  dims: [list.length],
  data: new Uint8Array(Uint32Array.from(list).buffer),
});

type Factors = {
  readonly loops: readonly number[];
  readonly k: number;
  readonly dtype: 0 | 1;
  /** coefficients over loops and fold, and rows of k words, of the left and the right factor */
  readonly left: readonly [coef: readonly number[], length: number];
  readonly right: readonly [coef: readonly number[], length: number];
  /** a third tensor for `init`, as long as the result */
  readonly init: readonly Instruction[];
};

/** A product of any shape; registers: 16 the constant −0, 17 the first instruction. */
function productCase(p: Factors, next: Random, values: Values): Case {
  const elements = p.loops.reduce((a, b) => a * b, 1);
  const inputs = [tensor(next, p.dtype, [p.left[1]], values), tensor(next, p.dtype, [elements], values)];
  const weights = [tensor(next, p.dtype, [p.right[1]], values)];
  const strides = p.loops.map((_, i) => p.loops.slice(i + 1).reduce((a, b) => a * b, 1));
  const side = (space: 0 | 1, index: number, [coef, length]: readonly [readonly number[], number]): Access =>
    access({ space, index, dtype: p.dtype, length }, [coordinate(length, 1, coef)]);
  const step = dotStep(p.dtype === 0, 0, 17);
  const kernel: Kernel = {
    outType: p.dtype,
    loops: p.loops,
    folds: [p.k],
    state: 1,
    accesses: [side(0, 0, p.left), side(1, 0, p.right), side(0, 1, [[...strides, 0], elements])],
    constants: [0x80000000],
    init: p.init,
    step,
    done: [],
    results: [16 + p.init.length, 20, 0],
    groupPos: 0,
    groupSize: 1,
  };
  const outputs = [{ kernel: 0, dims: [elements] }];
  return { program: { inputs, weights, kernels: [kernel], outputs }, weights, inputs };
}

/** a [5][4·6] · b [18][4·6] → [5][18][4], sums over 6: as a long product is split */
export const partialSums = (next: Random, values: Values): Case =>
  productCase(
    { loops: [5, 18, 4], k: 6, dtype: 0, left: [[24, 0, 6, 1], 120], right: [[0, 24, 6, 1], 432], init: [] },
    next,
    values,
  );

/** a [8][6] · b [9][6] + c [8][9], the third in `init` */
export const addedInInit = (next: Random, values: Values): Case =>
  productCase(
    { loops: [8, 9], k: 6, dtype: 0, left: [[6, 0, 1], 48], right: [[0, 6, 1], 54], init: [[0, 2, 0, 0]] },
    next,
    values,
  );

/** The same with integers, where `init` is the bits of an f32 sum. */
export const floatInInit = (next: Random, values: Values): Case =>
  productCase(
    {
      loops: [8, 9],
      k: 6,
      dtype: 1,
      left: [[6, 0, 1], 48],
      right: [[0, 6, 1], 54],
      init: [
        [0, 2, 0, 0],
        [2, 17, 17, 0],
      ],
    },
    next,
    values,
  );

/** a [8][6] · b [9][6], the result repeated along an axis that neither factor has */
export const repeated = (next: Random, values: Values): Case =>
  productCase(
    { loops: [8, 3, 9], k: 6, dtype: 0, left: [[6, 0, 0, 1], 48], right: [[0, 0, 6, 1], 54], init: [[0, 2, 0, 0]] },
    next,
    values,
  );
