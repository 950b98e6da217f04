import { DTYPE_NAMES, elementsOf, resultElements, type Tensor, type TensorInfo, widthOf } from "@opengradient/program";
import { aligned } from "./arena.ts";
import type { Compiled } from "./compile.ts";
import { runsInSlices } from "./compile.ts";
import { EngineError } from "./errors.ts";
import { type WasmMemory, wasm } from "./host.ts";
import { bytesOf } from "./layout.ts";
import type { Source } from "./lower.ts";

type KernelFunction = (frame: number, slice: number) => void;
type Call = { readonly fn: KernelFunction; readonly frame: number };
/** Kernels that run slice by slice together, or one that runs at once. */
type Step = {
  readonly first: number;
  readonly kernels: number;
  readonly slices: number;
  readonly calls: readonly Call[];
  /** some stage reads a result of it, or it is an output; else only a trace has it run */
  readonly needed: boolean;
};

export type Trace = { readonly outputs: Tensor[]; readonly results: Uint8Array[] };

export type Engine = {
  /** The outputs in the header's order. @throws EngineError "inputs", "dtype" or "shape" for inputs that do not fit */
  run(inputs: readonly Tensor[]): Tensor[];
  /** As `run`, with the packed results of all kernels. */
  trace(inputs: readonly Tensor[]): Trace;
};

function checkTensors(name: "input" | "weight", expected: readonly TensorInfo[], given: readonly Tensor[]): void {
  if (given.length !== expected.length) {
    const message = `the Program has ${expected.length} ${name}s and ${given.length} are given`;
    throw new EngineError(`${name}s`, message);
  }
  expected.forEach((info, i) => {
    const tensor = given[i]!;
    if (tensor.dtype !== info.dtype) {
      const message = `${name} ${i} must be ${DTYPE_NAMES[info.dtype]} and is ${DTYPE_NAMES[tensor.dtype]}`;
      throw new EngineError("dtype", message);
    }
    if (elementsOf(tensor) !== elementsOf(info)) {
      throw new EngineError("shape", `${name} ${i} must have dims [${info.dims}] and has [${tensor.dims}]`);
    }
    if (tensor.data.length !== bytesOf(info)) {
      const message = `${name} ${i} must have ${bytesOf(info)} bytes of data and has ${tensor.data.length}`;
      throw new EngineError("shape", message);
    }
  });
}

function newMemory(pages: number): WasmMemory {
  try {
    return new wasm.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    const message = `this machine can not give the ${pages * 65_536} bytes that the Program needs`;
    throw new EngineError("memory", message, { cause });
  }
}

function addressOf({ layout }: Compiled, source: Source, k: number): number {
  if (source.kind === "buffer") return layout.buffers[k]![source.index]!;
  return layout[`${source.kind}s`][source.index]!;
}

/** Pointers of a stage: its sources in order, then what it writes. */
function writeFrame(view: DataView, frame: number, pointers: readonly number[]): void {
  pointers.forEach((pointer, i) => {
    view.setUint32(frame + 4 * i, pointer, true);
  });
}

type Session = {
  readonly compiled: Compiled;
  readonly bytes: Uint8Array;
  readonly functions: (k: number, s: number) => KernelFunction;
};

/** Runs the stages that need only weights; those weights lie in the arena while that happens. */
function packWeights({ compiled, bytes, functions }: Session, weights: readonly Tensor[]): void {
  const view = new DataView(bytes.buffer);
  compiled.plans.forEach((plan, k) => {
    plan.stages.forEach((stage, s) => {
      if (!stage.atLoad || stage.target.kind !== "buffer") return;
      let at = compiled.layout.arena;
      const pointers = stage.sources.map((source) => {
        if (source.kind !== "weight") return addressOf(compiled, source, k);
        const here = at;
        bytes.set(weights[source.index]!.data, here);
        at += aligned(weights[source.index]!.data.length);
        return here;
      });
      const frame = compiled.layout.frames[k]![s]!;
      writeFrame(view, frame, [...pointers, compiled.layout.buffers[k]![stage.target.index]!]);
      functions(k, s)(frame, 0);
    });
  });
}

function prepareRuns({ compiled, bytes, functions }: Session): Step[] {
  const { program, plans, layout } = compiled;
  const view = new DataView(bytes.buffer);
  const callsOf = (k: number): Call[] =>
    plans[k]!.stages.flatMap((stage, s) => {
      if (stage.atLoad) return [];
      const target = stage.target.kind === "buffer" ? layout.buffers[k]![stage.target.index]! : layout.results[k]!;
      const frame = layout.frames[k]![s]!;
      writeFrame(view, frame, [...stage.sources.map((source) => addressOf(compiled, source, k)), target]);
      return [{ fn: functions(k, s), frame }];
    });
  const read = new Set(program.outputs.map(({ kernel }) => kernel));
  for (const { sources } of plans.flatMap((plan) => plan.stages))
    for (const source of sources) if (source.kind === "result") read.add(source.index);
  const steps: Step[] = [];
  for (let k = 0; k < program.kernels.length; ) {
    const { groupSize, loops } = program.kernels[k]!;
    const calls = Array.from({ length: groupSize }, (_, i) => callsOf(k + i)).flat();
    const needed = Array.from({ length: groupSize }, (_, i) => k + i).some((member) => read.has(member));
    steps.push({ first: k, kernels: groupSize, slices: runsInSlices(program, k) ? loops[0]! : 1, calls, needed });
    k += groupSize;
  }
  return steps;
}

/**
 * Puts weights in place. The engine keeps its memory for as long as it is referred to, and is not to be shared by
 * calls that overlap (none can within one JavaScript thread).
 * @throws EngineError "weights", "dtype", "shape" for weights that do not fit, "memory" when there is not enough
 */
export async function load(compiled: Compiled, weights: readonly Tensor[]): Promise<Engine> {
  const { program, layout } = compiled;
  checkTensors("weight", program.weights, weights);
  const memory = newMemory(layout.pages);
  const bytes = new Uint8Array(memory.buffer);
  const { exports } = await wasm.instantiate(compiled.module, { env: { memory } });
  const functions = (k: number, s: number): KernelFunction =>
    exports[`f${compiled.functions[k]![s]!}`] as KernelFunction;
  const session = { compiled, bytes, functions };
  packWeights(session, weights);
  weights.forEach((tensor, i) => {
    if (layout.weights[i]! >= 0) bytes.set(tensor.data, layout.weights[i]!);
  });
  const steps = prepareRuns(session);
  const needed = steps.filter((step) => step.needed);

  const resultBytes = program.kernels.map((kernel) => resultElements(kernel) * widthOf(kernel.outType));
  const copyOut = (k: number): Uint8Array => bytes.slice(layout.results[k]!, layout.results[k]! + resultBytes[k]!);
  const execute = (inputs: readonly Tensor[], steps: readonly Step[], after: (step: Step) => void): Tensor[] => {
    checkTensors("input", program.inputs, inputs);
    inputs.forEach((tensor, i) => {
      bytes.set(tensor.data, layout.inputs[i]!);
    });
    for (const step of steps) {
      for (let t = 0; t < step.slices; t++) for (const { fn, frame } of step.calls) fn(frame, t);
      after(step);
    }
    return program.outputs.map(({ kernel, dims }) => ({
      dtype: program.kernels[kernel]!.outType,
      dims,
      data: copyOut(kernel),
    }));
  };
  return {
    run: (inputs) => execute(inputs, needed, () => {}),
    trace(inputs) {
      const results: Uint8Array[] = [];
      const keep = (step: Step): void => {
        for (let i = 0; i < step.kernels; i++) results.push(copyOut(step.first + i));
      };
      return { outputs: execute(inputs, steps, keep), results };
    },
  };
}
