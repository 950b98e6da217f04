import { type ImportOptions, importGraph, numbersOf } from "@opengradient/onnx";
import { outputsOf, runReference, type Tensor } from "@opengradient/program";
import { type AttributeValue, type NodeOptions, oneNode, type TensorFacts } from "./onnxFile.ts";

const ARRAYS = {
  f32: Float32Array,
  i32: Int32Array,
  i64: Int32Array,
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array,
  f16: Uint16Array,
};
const DTYPES = { f32: 0, i32: 1, i64: 1, i8: 2, u8: 3, bool: 3, f16: 3 } as const;

export const tensorOf = ({ type = "f32", dims, values }: TensorFacts): Tensor => ({
  dtype: DTYPES[type],
  dims,
  data: new Uint8Array(ARRAYS[type].from(values as number[]).buffer),
});

export type Result = { readonly dims: readonly number[]; readonly values: readonly number[] };

/** Imports a model and runs its kernels as they are. */
export function runModel(bytes: Uint8Array, inputs: readonly TensorFacts[], options: ImportOptions = {}): Result[] {
  const { program, weights, outputs } = importGraph(bytes, options);
  const tensors = outputsOf(program, runReference(program, weights, inputs.map(tensorOf)));
  return tensors.map(({ data }, i) => {
    const { type, dims } = outputs[i]!;
    return { dims, values: numbersOf({ type: type === "i64" ? "i32" : type, dims, data }) };
  });
}

/** Runs one node; all its outputs. */
export function runNodeOutputs(
  op: string,
  inputs: readonly (TensorFacts | undefined)[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  options: NodeOptions = {},
): Result[] {
  const free = inputs.flatMap((t, i) => (t === undefined || options.bound?.includes(i) ? [] : [t]));
  return runModel(oneNode(op, inputs, attributes, options), free);
}

/** Its first output. */
export const runNode = (...args: Parameters<typeof runNodeOutputs>): Result => runNodeOutputs(...args)[0]!;

/** mulberry32: the same numbers on every machine, in [−1, 1). */
export function numbers(seed: number, count: number): number[] {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.fround(((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1);
  });
}

export const random = (seed: number, dims: readonly number[]): { dims: readonly number[]; values: number[] } => ({
  dims,
  values: numbers(
    seed,
    dims.reduce((a, b) => a * b, 1),
  ),
});
