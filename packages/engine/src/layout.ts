/** Where everything lies in the engine's memory: pointers, weights, packed weights, then the arena of a run. */
import { elementsOf, type Program, resultElements, type TensorInfo, widthOf } from "@opengradient/program";
import { ALIGNMENT, aligned, type Life, planArena } from "./arena.ts";
import { EngineError } from "./errors.ts";
import type { Source } from "./lower.ts";
import type { KernelPlan, Stage } from "./stages.ts";

const PAGE = 65_536;
const MAX_PAGES = 65_536;

export type Layout = {
  readonly pages: number;
  readonly inputs: readonly number[];
  /** −1 for a weight that no run reads as it is */
  readonly weights: readonly number[];
  readonly results: readonly number[];
  /** by kernel and buffer */
  readonly buffers: readonly (readonly number[])[];
  /** address of the pointers of a stage, by kernel and stage */
  readonly frames: readonly (readonly number[])[];
  /** start of the arena, where weights that are only packed lie while that happens */
  readonly arena: number;
};

export const bytesOf = (info: TensorInfo): number => elementsOf(info) * widthOf(info.dtype);

/** Groups run as one: their members' tensors are alive together. */
function eventsOf(program: Program): number[] {
  const events: number[] = [];
  let event = -1;
  for (const kernel of program.kernels) {
    if (kernel.groupPos === 0) event++;
    events.push(event);
  }
  return events;
}

type Arena = Pick<Layout, "inputs" | "results" | "buffers"> & { readonly bytes: number };

/** Results live from their kernel to their last reader, outputs and (for copying out) inputs included. */
function arenaOf(program: Program, plans: readonly KernelPlan<Stage>[]): Arena {
  const events = eventsOf(program);
  const lastEvent = (events.at(-1) ?? 0) + 1;
  const inputEnd = program.inputs.map(() => 0);
  const resultEnd = [...events];
  const see = (source: Source, event: number): void => {
    if (source.kind === "input") inputEnd[source.index] = Math.max(inputEnd[source.index]!, event);
    if (source.kind === "result") resultEnd[source.index] = Math.max(resultEnd[source.index]!, event);
  };
  plans.forEach((plan, k) => {
    for (const stage of plan.stages) for (const source of stage.sources) see(source, events[k]!);
  });
  for (const output of program.outputs) resultEnd[output.kernel] = lastEvent;
  const lives: Life[] = program.inputs.map((info, i) => ({ bytes: bytesOf(info), from: 0, to: inputEnd[i]! }));
  program.kernels.forEach((kernel, k) => {
    const bytes = resultElements(kernel) * widthOf(kernel.outType);
    lives.push({ bytes, from: events[k]!, to: resultEnd[k]! });
  });
  plans.forEach((plan, k) => {
    for (const buffer of plan.buffers) {
      if (!buffer.atLoad) lives.push({ bytes: buffer.bytes, from: events[k]!, to: events[k]! });
    }
  });
  const { offsets, bytes } = planArena(lives);
  let next = program.inputs.length + program.kernels.length;
  return {
    inputs: offsets.slice(0, program.inputs.length),
    results: offsets.slice(program.inputs.length, next),
    buffers: plans.map((plan) => plan.buffers.map((buffer) => (buffer.atLoad ? -1 : offsets[next++]!))),
    bytes,
  };
}

/** Bytes that the weights of a stage at load need beside each other. */
function loadBytes(program: Program, stage: Stage): number {
  return stage.sources.reduce(
    (sum, s) => sum + (s.kind === "weight" ? aligned(bytesOf(program.weights[s.index]!)) : 0),
    0,
  );
}

export function layOut(program: Program, plans: readonly KernelPlan<Stage>[]): Layout {
  let top = ALIGNMENT;
  const reserve = (bytes: number): number => {
    const at = top;
    top += aligned(bytes);
    return at;
  };
  const frames = plans.map((plan) => plan.stages.map((stage) => reserve(4 * (stage.sources.length + 1))));
  const weightRead = program.weights.map(() => false);
  let scratch = 0;
  for (const stage of plans.flatMap((plan) => plan.stages)) {
    if (stage.atLoad) scratch = Math.max(scratch, loadBytes(program, stage));
    else for (const source of stage.sources) if (source.kind === "weight") weightRead[source.index] = true;
  }
  const weights = program.weights.map((info, i) => (weightRead[i] ? reserve(bytesOf(info)) : -1));
  const kept = plans.map((plan) => plan.buffers.map((buffer) => (buffer.atLoad ? reserve(buffer.bytes) : -1)));
  const arena = top;
  const run = arenaOf(program, plans);
  const bytes = arena + Math.max(run.bytes, scratch);
  const pages = Math.ceil(bytes / PAGE);
  if (pages > MAX_PAGES) {
    const message = `the Program needs ${bytes} bytes and WebAssembly has ${MAX_PAGES * PAGE}: split the model`;
    throw new EngineError("memory", message);
  }
  return {
    pages,
    inputs: run.inputs.map((offset) => arena + offset),
    weights,
    results: run.results.map((offset) => arena + offset),
    buffers: run.buffers.map((list, k) => list.map((offset, b) => (offset < 0 ? kept[k]![b]! : arena + offset))),
    frames,
    arena,
  };
}
