/** Random Programs, run by the reference and by another executor, for as long as they agree. */
import { compile, load } from "@opengradient/engine";
import { type Program, runReference, type Tensor } from "@opengradient/program";
import { firstDifference, programOfSeed, randomFrom, randomTensors, shrink } from "@opengradient/program/random";
import { arbiterRun } from "./conformanceArbiter.ts";

export type Subject = {
  readonly program: Program;
  readonly weights: readonly Tensor[];
  readonly inputs: readonly Tensor[];
};

/** Where the executor and the reference differ, in words; undefined when they agree. */
export type Check = (subject: Subject) => Promise<string | undefined>;

export type Finding = {
  readonly seed: number;
  readonly difference: string;
  /** as small as the same check still fails, on the seed's inputs and weights */
  readonly smallest: Program;
};

export type FuzzOptions = {
  readonly seed: number;
  readonly check: Check;
  /** whether to go on after `done` Programs */
  readonly goOn: (done: number) => boolean;
  readonly onProgram?: (seed: number) => void;
};

export type FuzzReport = { readonly programs: number; readonly finding?: Finding };

/** Seeds from `seed` on, until one fails or `goOn` says no. */
export async function fuzz({ seed, check, goOn, onProgram }: FuzzOptions): Promise<FuzzReport> {
  let done = 0;
  for (; goOn(done); done++) {
    onProgram?.(seed + done);
    const subject = subjectOf(seed + done);
    const difference = await check(subject);
    if (difference === undefined) continue;
    const fails = async (program: Program): Promise<boolean> => (await check({ ...subject, program })) !== undefined;
    const smallest = await shrink(subject.program, fails);
    return { programs: done + 1, finding: { seed: seed + done, difference, smallest } };
  }
  return { programs: done };
}

/** The Program and the data of a seed. */
export function subjectOf(seed: number): Subject {
  const program = programOfSeed(seed);
  return { program, ...randomTensors(randomFrom(seed + 0x10000), program) };
}

/** Agrees when `run` gives what the reference gives in every element; an error is a difference. */
const comparing =
  (run: (subject: Subject) => Promise<readonly Uint8Array[]>): Check =>
  async (subject) => {
    const { program, weights, inputs } = subject;
    const right = runReference(program, weights, inputs);
    try {
      return firstDifference(program, right, await run(subject));
    } catch (cause) {
      return String(cause);
    }
  };

export const checkEngine: Check = comparing(
  async ({ program, weights, inputs }) => (await load(await compile(program), weights)).trace(inputs).results,
);

/** Elements of each kernel that the Arbiter is asked for, in an EVM in this process. */
const ASKED = 4;

export async function arbiterCheck(): Promise<Check> {
  const run = await arbiterRun(ASKED);
  return comparing(({ program, weights, inputs }) => run(program, weights, inputs));
}
