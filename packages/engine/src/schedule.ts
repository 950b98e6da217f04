/** What a run calls, in chunks that threads take one after the other; for one thread too. */

/** A stage with its pointers in place. */
export type StageCall = {
  /** number of the exported function */
  readonly fn: number;
  readonly frame: number;
  readonly blocks: number;
  readonly nanoseconds: number;
};

/** Kernels that run slice by slice together, or one that runs at once. */
export type Step = {
  readonly first: number;
  readonly kernels: number;
  readonly slices: number;
  readonly calls: readonly StageCall[];
};

/** Functions to call one after the other: number, address of the pointers, part, parts. */
type Call = readonly [fn: number, frame: number, part: number, parts: number];

/** `calls` for each slice from `from` to below `to`. */
type Piece = { readonly from: number; readonly to: number; readonly calls: readonly Call[] };

export type Chunk = {
  /** chunks from the start that must be done before */
  readonly ready: number;
  /** steps that must have been looked at before (in a schedule that keeps steps apart) */
  readonly seen: number;
  readonly pieces: readonly Piece[];
};

export type Schedule = {
  readonly chunks: readonly Chunk[];
  /** by step that is looked at: chunks that are done when it is */
  readonly ends: readonly number[];
};

/** Nanoseconds: shorter work is not handed out, since another thread would not have it done sooner. */
export const WORTH_SHARING = 5_000;
/** A part should last this long at least. */
const SHORTEST_PART = 2_000;
/** Parts for each thread, so that one that comes late or is held up takes fewer. */
const PARTS_EACH = 4;

function partsOf({ blocks, nanoseconds }: StageCall, threads: number): number {
  if (threads === 1 || nanoseconds < WORTH_SHARING) return 1;
  return Math.max(1, Math.min(blocks, threads * PARTS_EACH, Math.floor(nanoseconds / SHORTEST_PART)));
}

class Chunks {
  readonly chunks: Chunk[] = [];
  seen = 0;
  private serial: Piece[] = [];

  /** Closes what runs on one thread: the next chunk waits for it. */
  close(): void {
    if (this.serial.length > 0) this.chunks.push({ ready: this.chunks.length, seen: this.seen, pieces: this.serial });
    this.serial = [];
  }

  alone(piece: Piece): void {
    this.serial.push(piece);
  }

  shared({ fn, frame }: StageCall, slice: number, parts: number): void {
    this.close();
    const ready = this.chunks.length;
    for (let part = 0; part < parts; part++) {
      const pieces = [{ from: slice, to: slice + 1, calls: [[fn, frame, part, parts] as const] }];
      this.chunks.push({ ready, seen: this.seen, pieces });
    }
  }
}

const whole = ({ fn, frame }: StageCall): Call => [fn, frame, 0, 1];

function addStep(chunks: Chunks, step: Step, threads: number): void {
  const parts = step.calls.map((call) => partsOf(call, threads));
  if (parts.every((count) => count === 1)) {
    chunks.alone({ from: 0, to: step.slices, calls: step.calls.map(whole) });
    return;
  }
  for (let t = 0; t < step.slices; t++) {
    step.calls.forEach((call, i) => {
      if (parts[i] === 1) chunks.alone({ from: t, to: t + 1, calls: [whole(call)] });
      else chunks.shared(call, t, parts[i]!);
    });
  }
}

/** `apart`: steps that share no chunk, so that the results of each can be looked at before the next begins. */
export function schedule(steps: readonly Step[], threads: number, apart: boolean): Schedule {
  const chunks = new Chunks();
  const ends: number[] = [];
  for (const step of steps) {
    addStep(chunks, step, threads);
    if (!apart) continue;
    chunks.close();
    ends.push(chunks.chunks.length);
    chunks.seen = ends.length;
  }
  chunks.close();
  return { chunks: chunks.chunks, ends };
}

export type KernelFunction = (frame: number, slice: number, part: number, parts: number) => void;

/** A chunk with the functions of one thread. */
export type Task = Pick<Chunk, "ready" | "seen"> & { readonly run: () => void };

/** The schedule's chunks as this thread runs them. */
export const tasksOf = ({ chunks }: Schedule, functions: (fn: number) => KernelFunction): Task[] =>
  chunks.map(({ ready, seen, pieces }) => {
    const bound = pieces.map(({ from, to, calls }) => ({
      from,
      to,
      calls: calls.map(([fn, frame, part, parts]) => ({ fn: functions(fn), frame, part, parts })),
    }));
    const run = (): void => {
      for (const { from, to, calls } of bound)
        for (let t = from; t < to; t++) for (const { fn, frame, part, parts } of calls) fn(frame, t, part, parts);
    };
    return { ready, seen, run };
  });
