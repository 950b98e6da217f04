/** What the two answer to a case: their outputs, or why there are none. */
import { CompileError, compile } from "@opengradient/compiler";
import { type Constant, constantOf, importGraph, numbersOf, OnnxError, readTensor } from "@opengradient/onnx";
import { outputsOf, runReference } from "@opengradient/program";
import type { Tensor } from "onnxruntime-node";
import { type TensorFacts, type TypeName, tensorBytes } from "../../packages/onnx/test/onnxFile.ts";
import type { Case } from "./cases.ts";
import { givenTo } from "./file.ts";

export type Output = { readonly dims: readonly number[]; readonly values: readonly number[] };

/** `refused`: by an error that says that this is not supported; any other is a crash. */
export type Answer = { readonly outputs: readonly Output[] } | { readonly failed: string; readonly refused: boolean };

const failure = (cause: unknown, refused: boolean): Answer => ({
  failed: cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause),
  refused,
});

const constantFor = (tensor: TensorFacts): Constant => constantOf(readTensor(Uint8Array.from(tensorBytes(tensor))));

/** Ours: imported, compiled, run by the reference interpreter. */
export function ours(file: Uint8Array, one: Case): Answer {
  try {
    const imported = importGraph(file);
    const { program, weights } = compile(imported);
    const given = new Map(givenTo(one).map((tensor) => [tensor.name, tensor]));
    const inputs = imported.inputs.map(({ name }, i) => ({
      ...program.inputs[i]!,
      data: constantFor(given.get(name)!).data,
    }));
    const results = outputsOf(program, runReference(program, weights, inputs));
    return {
      outputs: results.map(({ data }, i) => {
        const { type, dims } = imported.outputs[i]!;
        return { dims, values: numbersOf({ type, dims, data }) };
      }),
    };
  } catch (cause) {
    return failure(cause, cause instanceof OnnxError || cause instanceof CompileError);
  }
}

type Runtime = typeof import("onnxruntime-node");

/** @throws Error where onnxruntime-node is not installed */
async function loaded(): Promise<Runtime> {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw new Error("onnxruntime-node can not be loaded: `npm run fuzz:operators` brings it first", { cause });
  }
}

type Made = (values: readonly number[], dims: readonly number[]) => Tensor;

const makers = ({ Tensor }: Runtime): Partial<Record<TypeName, Made>> => ({
  f32: (v, dims) => new Tensor("float32", Float32Array.from(v), dims),
  f64: (v, dims) => new Tensor("float64", Float64Array.from(v), dims),
  u8: (v, dims) => new Tensor("uint8", Uint8Array.from(v), dims),
  i8: (v, dims) => new Tensor("int8", Int8Array.from(v), dims),
  u16: (v, dims) => new Tensor("uint16", Uint16Array.from(v), dims),
  i16: (v, dims) => new Tensor("int16", Int16Array.from(v), dims),
  u32: (v, dims) => new Tensor("uint32", Uint32Array.from(v), dims),
  i32: (v, dims) => new Tensor("int32", Int32Array.from(v), dims),
  u64: (v, dims) => new Tensor("uint64", BigUint64Array.from(v, BigInt), dims),
  i64: (v, dims) => new Tensor("int64", BigInt64Array.from(v, BigInt), dims),
  bool: (v, dims) => new Tensor("bool", Uint8Array.from(v), dims),
});

/** Theirs. @throws Error where onnxruntime-node is not installed */
export async function onnxruntime(): Promise<(file: Uint8Array, one: Case) => Promise<Answer>> {
  const native = await loaded();
  const make = makers(native);
  native.env.logLevel = "fatal";
  const options = {
    // what its optimiser makes of an operator is not what is asked for
    graphOptimizationLevel: "disabled",
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  } as const;
  return async (file, one) => {
    if (one.kills) return failure(one.kills, true);
    try {
      const session = await native.InferenceSession.create(file, options);
      const feeds = givenTo(one).map(({ name, type = "f32", dims, values }) => [name, make[type]!(values, dims)]);
      const results = await session.run(Object.fromEntries(feeds));
      const outputs = session.outputNames.map((name) => {
        const { dims, data } = results[name]!;
        return { dims, values: Array.from(data as ArrayLike<number | bigint>, Number) };
      });
      await session.release();
      return { outputs };
    } catch (cause) {
      return failure(cause, true);
    }
  };
}
