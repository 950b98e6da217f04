/** Memory with weights in place, and the steps of a run with their pointers written. */
import { DTYPE_NAMES, elementsOf, type Tensor, type TensorInfo } from "@opengradient/program";
import { aligned } from "./arena.ts";
import { type Compiled, runsInSlices } from "./compile.ts";
import { EngineError } from "./errors.ts";
import { type WasmMemory, wasm } from "./host.ts";
import { bytesOf } from "./layout.ts";
import type { Source } from "./lower.ts";
import type { KernelFunction, StageCall, Step } from "./schedule.ts";

export function checkTensors(
  name: "input" | "weight",
  expected: readonly TensorInfo[],
  given: readonly Tensor[],
): void {
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

/** @throws EngineError "memory" */
export function newMemory({ layout: { pages }, threads }: Compiled): WasmMemory {
  try {
    return new wasm.Memory({ initial: pages, maximum: pages, shared: threads > 1 });
  } catch (cause) {
    const message = `this machine can not give the ${pages * 65_536} bytes that the Program needs`;
    throw new EngineError("memory", message, { cause });
  }
}

export type Session = {
  readonly compiled: Compiled;
  readonly memory: WasmMemory;
  /** by number of the exported function */
  readonly functions: (fn: number) => KernelFunction;
};

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

/** Runs the stages that need only weights; those weights lie in the arena while that happens. */
function packWeights({ compiled, memory, functions }: Session, weights: readonly Tensor[]): void {
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
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
      functions(compiled.functions[k]![s]!)(frame, 0, 0, 1);
    });
  });
}

/** Packs weights where a run wants them packed, and puts those in place that a run reads as they are. */
export function placeWeights(session: Session, weights: readonly Tensor[]): void {
  packWeights(session, weights);
  const bytes = new Uint8Array(session.memory.buffer);
  weights.forEach((tensor, i) => {
    const at = session.compiled.layout.weights[i]!;
    if (at >= 0) bytes.set(tensor.data, at);
  });
}

function callsOf({ compiled, memory }: Session, k: number): StageCall[] {
  const { plans, layout, functions } = compiled;
  const view = new DataView(memory.buffer);
  return plans[k]!.stages.flatMap((stage, s) => {
    if (stage.atLoad) return [];
    const target = stage.target.kind === "buffer" ? layout.buffers[k]![stage.target.index]! : layout.results[k]!;
    const frame = layout.frames[k]![s]!;
    writeFrame(view, frame, [...stage.sources.map((source) => addressOf(compiled, source, k)), target]);
    return [{ fn: functions[k]![s]!, frame, blocks: stage.blocks, nanoseconds: stage.nanoseconds }];
  });
}

/** All steps, and those that some stage or output needs: the rest only a trace has run. */
export function prepareSteps(session: Session): { readonly all: Step[]; readonly needed: Step[] } {
  const { program, plans } = session.compiled;
  const read = new Set(program.outputs.map(({ kernel }) => kernel));
  for (const { sources } of plans.flatMap((plan) => plan.stages))
    for (const source of sources) if (source.kind === "result") read.add(source.index);
  const all: Step[] = [];
  for (let k = 0; k < program.kernels.length; ) {
    const { groupSize, loops } = program.kernels[k]!;
    const members = Array.from({ length: groupSize }, (_, i) => k + i);
    const slices = runsInSlices(program, k) ? loops[0]! : 1;
    all.push({ first: k, kernels: groupSize, slices, calls: members.flatMap((member) => callsOf(session, member)) });
    k += groupSize;
  }
  const isRead = ({ first, kernels }: Step): boolean =>
    Array.from({ length: kernels }, (_, i) => first + i).some((member) => read.has(member));
  return { all, needed: all.filter(isRead) };
}
