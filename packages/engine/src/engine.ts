import { resultElements, type Tensor, widthOf } from "@opengradient/program";
import type { Compiled } from "./compile.ts";
import { EngineError } from "./errors.ts";
import { wasm } from "./host.ts";
import { type Pool, startPool } from "./pool.ts";
import { checkTensors, newMemory, placeWeights, prepareSteps, type Session } from "./prepare.ts";
import { type KernelFunction, type Schedule, schedule, type Task, tasksOf } from "./schedule.ts";
import { lead, newControl } from "./tickets.ts";

export type Trace = { readonly outputs: Tensor[]; readonly results: Uint8Array[] };

export type Engine = {
  /** threads that a run has, this one included */
  readonly threads: number;
  /** why there are fewer threads than asked for; else "" */
  readonly threadsNote: string;
  /** The outputs in the header's order. @throws EngineError "inputs", "dtype" or "shape" for inputs that do not fit */
  run(inputs: readonly Tensor[]): Tensor[];
  /** As `run`, with the packed results of all kernels. */
  trace(inputs: readonly Tensor[]): Trace;
  /** Milliseconds of one run by kernel; members of a recurrent group show as one, at its first. */
  profile(inputs: readonly Tensor[]): number[];
  /** Ends the other threads. Not needed before a process ends; afterwards the engine is not to be used. */
  close(): void;
};

/** Numbers of the three ways to go through the steps. */
const RUN = 0;
const TRACE = 1;
const PROFILE = 2;

/** Runs a schedule by its number; `look` sees each step done, where the schedule keeps them apart. */
type Execute = (number: number, look: (step: number) => void) => void;

function alone(schedules: readonly Schedule[], tasks: readonly (readonly Task[])[]): Execute {
  return (number, look) => {
    const { ends } = schedules[number]!;
    let step = 0;
    tasks[number]!.forEach((task, i) => {
      task.run();
      while (ends[step] === i + 1) look(step++);
    });
  };
}

type Threads = { readonly execute: Execute; readonly pool: Pool | undefined; readonly note: string };

async function threadsOf(session: Session, schedules: readonly Schedule[]): Promise<Threads> {
  const { module, threads, threadsNote } = session.compiled;
  const tasks = schedules.map((each) => tasksOf(each, session.functions));
  if (threads === 1) return { execute: alone(schedules, tasks), pool: undefined, note: threadsNote };
  const control = newControl();
  try {
    const pool = await startPool(threads - 1, { module, memory: session.memory, control, schedules });
    const execute: Execute = (number, look) => {
      if (!lead({ control, number, tasks: tasks[number]!, ends: schedules[number]!.ends, look }))
        throw new EngineError("thread", "a thread of this engine has failed: load the engine again");
    };
    return { execute, pool, note: threadsNote };
  } catch (cause) {
    const note = `one thread only: ${cause instanceof Error ? cause.message : cause}`;
    return { execute: alone(schedules, tasks), pool: undefined, note };
  }
}

/** The packed result of kernel k. */
function copyOut({ program, layout }: Compiled, bytes: Uint8Array, k: number): Uint8Array {
  const { outType } = program.kernels[k]!;
  const at = layout.results[k]!;
  return bytes.slice(at, at + resultElements(program.kernels[k]!) * widthOf(outType));
}

/**
 * Puts weights in place. The engine keeps its memory for as long as it is referred to, and is not to be shared by
 * calls that overlap (none can within one JavaScript thread).
 * @throws EngineError "weights", "dtype", "shape" for weights that do not fit, "memory" when there is not enough
 */
export async function load(compiled: Compiled, weights: readonly Tensor[]): Promise<Engine> {
  const { program, layout, threads } = compiled;
  checkTensors("weight", program.weights, weights);
  const memory = newMemory(compiled);
  const bytes = new Uint8Array(memory.buffer);
  const { exports } = await wasm.instantiate(compiled.module, { env: { memory } });
  const session: Session = { compiled, memory, functions: (fn) => exports[`f${fn}`] as KernelFunction };
  placeWeights(session, weights);
  const { all, needed } = prepareSteps(session);
  const schedules = [schedule(needed, threads, false), schedule(all, threads, true), schedule(needed, threads, true)];
  const { execute, pool, note } = await threadsOf(session, schedules);

  const outputsOf = (number: number, inputs: readonly Tensor[], look: (step: number) => void): Tensor[] => {
    checkTensors("input", program.inputs, inputs);
    inputs.forEach((tensor, i) => {
      bytes.set(tensor.data, layout.inputs[i]!);
    });
    execute(number, look);
    return program.outputs.map(({ kernel, dims }) => {
      const { outType: dtype } = program.kernels[kernel]!;
      return { dtype, dims, data: copyOut(compiled, bytes, kernel) };
    });
  };
  return {
    threads: pool ? threads : 1,
    threadsNote: note,
    run: (inputs) => outputsOf(RUN, inputs, () => {}),
    trace(inputs) {
      const results: Uint8Array[] = [];
      const keep = (step: number): void => {
        const { first, kernels } = all[step]!;
        for (let i = 0; i < kernels; i++) results.push(copyOut(compiled, bytes, first + i));
      };
      return { outputs: outputsOf(TRACE, inputs, keep), results };
    },
    profile(inputs) {
      const times = program.kernels.map(() => 0);
      let before = performance.now();
      outputsOf(PROFILE, inputs, (step) => {
        const now = performance.now();
        times[needed[step]!.first] = now - before;
        before = now;
      });
      return times;
    },
    close: () => pool?.close(),
  };
}
