/** What a Program is, as records. docs/spec/program.md gives every field its meaning. */

/** 0 f32, 1 i32, 2 i8, 3 u8 */
export type Dtype = 0 | 1 | 2 | 3;
/** 0 input, 1 weight, 2 result of a kernel */
export type Space = 0 | 1 | 2;

export type Coordinate = {
  readonly base: number;
  readonly extent: number;
  /** in elements */
  readonly stride: number;
  /** one for each loop, then one for each fold */
  readonly coef: readonly number[];
};

export type Access = {
  readonly space: Space;
  readonly index: number;
  readonly dtype: Dtype;
  /** elements of the source */
  readonly length: number;
  /** unsigned word given outside the box */
  readonly elseWord: number;
  /** bit j: an operand register of `ld` is added to coordinate j */
  readonly dynMask: number;
  readonly coordinates: readonly Coordinate[];
};

/** op, a, b, c: four bytes */
export type Instruction = readonly [op: number, a: number, b: number, c: number];

export type Kernel = {
  readonly outType: Dtype;
  readonly loops: readonly number[];
  readonly folds: readonly number[];
  /** S, the number of state words */
  readonly state: number;
  readonly accesses: readonly Access[];
  /** unsigned words */
  readonly constants: readonly number[];
  readonly init: readonly Instruction[];
  readonly step: readonly Instruction[];
  readonly done: readonly Instruction[];
  /** 2S+1 registers: after init, after step, after done */
  readonly results: readonly number[];
  readonly groupPos: number;
  readonly groupSize: number;
};

export type TensorInfo = { readonly dtype: Dtype; readonly dims: readonly number[] };
export type Output = { readonly kernel: number; readonly dims: readonly number[] };

export type Program = {
  readonly inputs: readonly TensorInfo[];
  readonly weights: readonly TensorInfo[];
  readonly kernels: readonly Kernel[];
  /** ascending by kernel */
  readonly outputs: readonly Output[];
};

/** Elements as raw little-endian bytes, so that no NaN payload is ever touched by a number conversion. */
export type Tensor = TensorInfo & { readonly data: Uint8Array };
