/**
 * Kernels that run step by step, as a recurrent group over [slice, …]. Where a state is given, slice 0 holds it and `lead`
 * is 1. A single step needs no group.
 */
import type { Expr } from "@opengradient/program";
import { shift } from "./broadcast.ts";
import type { Builder, Fold, Frame, Index, Value } from "./builder.ts";
import { float, ieq, int, loop, select } from "./scalar.ts";

export type Recurrence = {
  readonly T: number;
  /** what each state starts from, at an index without the slice; 0 where nothing is given */
  readonly initial: readonly (((frame: Frame, index: readonly Index[]) => Expr) | undefined)[];
};

/** What the kernels of a slice see. */
export type Step = {
  readonly lead: number;
  /** `value` [T, …] at this slice's step; 0 in the initial slice */
  readonly input: (frame: Frame, value: Value, index: readonly Index[]) => Expr;
  /** a state as the slice before left it */
  readonly before: (frame: Frame, index: readonly Index[], state?: number) => Expr;
  /** what an earlier kernel made at this slice */
  readonly made: (frame: Frame, kernel: number, index: readonly Index[]) => Expr;
};

export type SliceKernel = {
  /** without the slice */
  readonly dims: readonly number[];
  /** the number of the state that it computes */
  readonly state?: number;
  readonly code: (step: Step) => Fold;
};

/** Each state as [T + lead, …]. */
export type States = { readonly values: readonly Value[]; readonly lead: number };

/** A fold that is a map. */
export const mapped = (done: (frame: Frame) => Expr): Fold => ({ over: [], init: () => [], step: () => [], done });

export function recur(build: Builder, { T, initial }: Recurrence, kernels: readonly SliceKernel[]): States {
  const stateKernels = initial.map((_, s) => kernels.findIndex(({ state }) => state === s));
  const lead = T > 1 && initial.some((given) => given !== undefined) ? 1 : 0;
  const stepOf = (values: readonly Value[], before: Step["before"]): Step => ({
    lead,
    input: ({ loops, read }, value, index) => read(value, [shift(loops[0]!, -lead), ...index]),
    before,
    made: ({ loops, read }, k, index) => read(values[k]!, [loops[0]!, ...index]),
  });
  const made: Value[] = [];
  if (T === 1) {
    const step = stepOf(made, (frame, index, s = 0) => initial[s]?.(frame, index) ?? float(0));
    for (const { dims, code } of kernels) made.push(build.fold("f32", [1, ...dims], code(step)));
  } else {
    const members = kernels.map(({ dims }) => ({ type: "f32" as const, dims: [T + lead, ...dims] }));
    const group = build.recurrent(members, (values) => {
      const step = stepOf(values, ({ loops, read }, index, s = 0) =>
        read(values[stateKernels[s]!]!, [shift(loops[0]!, -1), ...index]),
      );
      return kernels.map(({ code, state }) => {
        const fold = code(step);
        return lead === 0 || state === undefined ? fold : startingFrom(initial[state], fold);
      });
    });
    made.push(...group);
  }
  return { values: stateKernels.map((k) => made[k]!), lead };
}

const startingFrom = (initial: Recurrence["initial"][number], fold: Fold): Fold => ({
  ...fold,
  done: (frame) => {
    const first = initial?.(frame, frame.loops.slice(1)) ?? float(0);
    return select(ieq(loop(0), int(0)), first, fold.done(frame));
  },
});
