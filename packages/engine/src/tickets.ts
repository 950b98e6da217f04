/**
 * How threads share a schedule. Each takes the next chunk's number (its ticket), waits until the chunks before it are done,
 * runs it and counts it as done; so whoever comes late or is held up simply takes fewer. Nothing else is shared but the
 * engine's memory: a chunk's writes are seen by whoever sees it counted.
 */
import type { Task } from "./schedule.ts";

/** Words of the control block. */
const TICKET = 0;
const DONE = 1;
const SEEN = 2;
/** changes when a run begins; threads without work sleep on it */
const RUNS = 3;
const FAILED = 4;
const WORDS = 5;

/** A ticket is a schedule's number and a chunk's; beyond CLOSED there is no run. */
const SCHEDULE = 1 << 24;
const CLOSED = 1 << 30;

export function newControl(): Int32Array {
  const control = new Int32Array(new SharedArrayBuffer(4 * WORDS));
  control[TICKET] = CLOSED;
  return control;
}

const pause = (Atomics as { pause?: () => void }).pause ?? ((): void => {});

/** A browser's main thread must not. */
const maySleep = ((): boolean => {
  try {
    return Atomics.wait(newControl(), RUNS, 1) === "not-equal";
  } catch {
    return false;
  }
})();

/** Turns of a wait before the core is given up: what is waited for may be waiting for it. About 50 µs. */
const TURNS = 1_000;
const NAP_MS = 0.1;

/** Waits until `isOver`; false when another thread has failed. */
function until(control: Int32Array, isOver: () => boolean): boolean {
  for (let turn = 0; !isOver(); turn++) {
    if (Atomics.load(control, FAILED) !== 0) return false;
    if (turn < TURNS || !maySleep) pause();
    else Atomics.wait(control, FAILED, 0, NAP_MS);
  }
  return true;
}

/** Takes tickets until there are none. */
function help(control: Int32Array, schedules: readonly (readonly Task[])[]): void {
  for (;;) {
    const ticket = Atomics.add(control, TICKET, 1);
    const task = ticket >= CLOSED ? undefined : schedules[Math.floor(ticket / SCHEDULE)]?.[ticket % SCHEDULE];
    if (!task) return;
    const isReady = (): boolean =>
      Atomics.load(control, DONE) >= task.ready && Atomics.load(control, SEEN) >= task.seen;
    if (!until(control, isReady)) return;
    task.run();
    Atomics.add(control, DONE, 1);
  }
}

/** A thread that helps with runs as they come, for good. */
export function serve(control: Int32Array, schedules: readonly (readonly Task[])[]): never {
  for (let runs = 0; ; ) {
    Atomics.wait(control, RUNS, runs);
    runs = Atomics.load(control, RUNS);
    try {
      help(control, schedules);
    } catch {
      Atomics.store(control, FAILED, 1);
    }
  }
}

export type Run = {
  readonly control: Int32Array;
  readonly number: number;
  readonly tasks: readonly Task[];
  /** chunks that are done when a step can be looked at, and what looks */
  readonly ends: readonly number[];
  readonly look: (step: number) => void;
};

/** Runs a schedule with whatever threads serve; true unless one of them failed. */
export function lead({ control, number, tasks, ends, look }: Run): boolean {
  if (Atomics.load(control, FAILED) !== 0) return false;
  let looked = 0;
  const isDone = (chunks: number, seen: number): boolean => {
    const done = Atomics.load(control, DONE);
    if (looked < ends.length && done >= ends[looked]!) {
      look(looked++);
      Atomics.store(control, SEEN, looked);
    }
    return done >= chunks && looked >= seen;
  };
  Atomics.store(control, DONE, 0);
  Atomics.store(control, SEEN, 0);
  Atomics.store(control, TICKET, number * SCHEDULE);
  Atomics.add(control, RUNS, 1);
  Atomics.notify(control, RUNS);
  let isOver = false;
  try {
    for (;;) {
      const task = tasks[Atomics.add(control, TICKET, 1) % SCHEDULE];
      if (!task) break;
      if (!until(control, () => isDone(task.ready, task.seen))) return false;
      task.run();
      Atomics.add(control, DONE, 1);
    }
    isOver = until(control, () => isDone(tasks.length, ends.length));
    return isOver;
  } finally {
    // what was thrown here leaves the others waiting
    if (!isOver) Atomics.store(control, FAILED, 1);
    Atomics.store(control, TICKET, CLOSED);
  }
}
