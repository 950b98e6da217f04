/** One model on three runtimes, each as something to be called again and again with the same inputs. */
import { compile as compileModule } from "@opengradient/compiler";
import { compile, load, plan } from "@opengradient/engine";
import { type Imported, importGraph, readModel } from "@opengradient/onnx";
import { type Program, type Tensor, tensorsRoot } from "@opengradient/program";
import * as native from "onnxruntime-node";
import * as web from "onnxruntime-web";

export type Runtime = {
  readonly run: () => Promise<readonly Uint8Array[]>;
};

export type OurRuntime = Runtime & {
  /** with the commitment of the outputs, as a post would carry it */
  readonly committed: () => Promise<void>;
  readonly program: Program;
  /** milliseconds from file to Program, to module, to weights in place */
  readonly prepared: { readonly import: number; readonly compile: number; readonly load: number };
  readonly paths: readonly string[];
};

/** Values in [0, 1), the same in every run. */
function valuesFor(elements: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: elements }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 0x1000000;
  });
}

export type Feeds = ReadonlyMap<string, { readonly dims: readonly number[]; readonly data: Float32Array }>;

/** @throws Error when the model has an input that is no f32 */
export function feedsFor({ inputs }: Imported): Feeds {
  return new Map(
    inputs.map(({ name, type, dims }) => {
      if (type !== "f32") throw new Error(`input ${name} is ${type}; only f32 inputs are made up`);
      return [name, { dims, data: valuesFor(dims.reduce((a, b) => a * b, 1)) }];
    }),
  );
}

const bytesOf = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Dimensions by name, for inputs that a file leaves open. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

/** One list of shapes serves a folder of models: each takes those of its own inputs. */
function shapesIn(file: Uint8Array, shapes: Shapes): Shapes {
  const names = new Set(readModel(file).graph.inputs.map(({ name }) => name));
  return Object.fromEntries(Object.entries(shapes).filter(([name]) => names.has(name)));
}

export async function ours(
  file: Uint8Array,
  shapes: Shapes,
): Promise<{ runtime: OurRuntime; feeds: Feeds; outputs: readonly string[] }> {
  const t0 = performance.now();
  const imported = importGraph(file, { shapes: shapesIn(file, shapes) });
  const module = compileModule(imported);
  const t1 = performance.now();
  const compiled = await compile(module.program);
  const t2 = performance.now();
  const engine = await load(compiled, module.weights);
  const t3 = performance.now();
  const feeds = feedsFor(imported);
  const tensors = imported.inputs.map(
    ({ name, dims }): Tensor => ({ dtype: 0, dims, data: bytesOf(feeds.get(name)!.data) }),
  );
  const runtime: OurRuntime = {
    run: async () => engine.run(tensors).map(({ data }) => data),
    committed: async () => void tensorsRoot(engine.run(tensors)),
    program: module.program,
    prepared: { import: t1 - t0, compile: t2 - t1, load: t3 - t2 },
    paths: plan(compiled).map(({ path }) => path),
  };
  return { runtime, feeds, outputs: imported.outputs.map(({ name }) => name) };
}

type Made<T> = { readonly dims: readonly number[]; readonly data: T };

const tensorsOf = <T>(feeds: Feeds, make: (from: Made<Float32Array>) => T): Record<string, T> =>
  Object.fromEntries([...feeds].map(([name, feed]) => [name, make(feed)]));

/** onnxruntime-web: WebAssembly with SIMD, one thread. */
export async function onWeb(file: Uint8Array, feeds: Feeds, outputs: readonly string[]): Promise<Runtime> {
  web.env.wasm.numThreads = 1;
  web.env.logLevel = "error";
  const session = await web.InferenceSession.create(file, { executionProviders: ["wasm"], logSeverityLevel: 3 });
  const tensors = tensorsOf(feeds, ({ dims, data }) => new web.Tensor("float32", data, dims));
  return {
    run: async () => {
      const results = await session.run(tensors);
      return outputs.map((name) => bytesOf(results[name]!.data as Float32Array));
    },
  };
}

/** onnxruntime-node: native code, one thread. */
export async function onNative(file: Uint8Array, feeds: Feeds, outputs: readonly string[]): Promise<Runtime> {
  const session = await native.InferenceSession.create(file, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: 3,
  });
  const tensors = tensorsOf(feeds, ({ dims, data }) => new native.Tensor("float32", data, dims));
  return {
    run: async () => {
      const results = await session.run(tensors);
      return outputs.map((name) => bytesOf(results[name]!.data as Float32Array));
    },
  };
}
