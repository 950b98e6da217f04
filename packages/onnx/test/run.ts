import { type ImportOptions, importGraph, numbersOf } from "@opengradient/onnx";
import { outputsOf, runReference, type Tensor } from "@opengradient/program";
import { type AttributeValue, type NodeOptions, oneNode, type TensorFacts, type TypeName } from "./onnxFile.ts";

/** What the tensors of a run hold, by the type of the file's input. */
const BYTES: ReadonlySet<TypeName> = new Set(["i8", "u8", "bool", "i4"]);
const UNSIGNED: ReadonlySet<TypeName> = new Set(["u8", "bool"]);
const INTEGERS: ReadonlySet<TypeName> = new Set(["i16", "u16", "i32", "u32", "i64", "u64"]);

export function tensorOf({ type = "f32", dims, values }: TensorFacts): Tensor {
  if (BYTES.has(type)) return { dtype: UNSIGNED.has(type) ? 3 : 2, dims, data: Uint8Array.from(values) };
  const words = INTEGERS.has(type) ? Int32Array.from(values) : Float32Array.from(values);
  return { dtype: INTEGERS.has(type) ? 1 : 0, dims, data: new Uint8Array(words.buffer) };
}

export type Result = { readonly dims: readonly number[]; readonly values: readonly number[] };

/** Imports a model and runs its kernels as they are. */
export function runModel(bytes: Uint8Array, inputs: readonly TensorFacts[], options: ImportOptions = {}): Result[] {
  const { program, weights, outputs } = importGraph(bytes, options);
  const tensors = outputsOf(program, runReference(program, weights, inputs.map(tensorOf)));
  return tensors.map(({ data }, i) => {
    const { type, dims } = outputs[i]!;
    return { dims, values: numbersOf({ type, dims, data }) };
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
