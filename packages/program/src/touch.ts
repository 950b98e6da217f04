/** Evaluation of one element that says which addresses must lie under one span, in the Arbiter's order. */
import { dotPattern } from "./dot.ts";
import { Evaluation, type Reader } from "./reference.ts";
import type { Kernel } from "./types.ts";

export type TouchingEvaluation = {
  readonly kernel: Kernel;
  readonly k: number;
  readonly e: number;
  /** told before they are read: inside addresses of access `a`, from lowest to highest */
  readonly touch: (a: number, lowest: number, highest: number) => void;
  readonly read: Reader;
};

/** Lowest and highest inside address of a static access in the row of the last fold that begins at step f, if any is inside. */
function rowRange(evaluation: Evaluation, a: number, f: number): [lowest: number, highest: number] | undefined {
  let range: [number, number] | undefined;
  for (let i = 0; i < evaluation.kernel.folds.at(-1)!; i++) {
    evaluation.setFold(f + i);
    const address = evaluation.address(a, 0, 0);
    if (address >= 0) range = range ? [Math.min(range[0], address), Math.max(range[1], address)] : [address, address];
  }
  return range;
}

/** The word of element e before narrowing. A dot fold touches row by row, left operand first; every other read touches itself. */
export function evaluateTouching({ kernel, k, e, touch, read }: TouchingEvaluation): number {
  const dot = dotPattern(kernel);
  const evaluation = new Evaluation(kernel, k, (a, address) => {
    if (!dot || evaluation.segment !== "step") touch(a, address, address);
    return read(a, address);
  });
  return evaluation.word(e, (f) => {
    for (const a of dot ? [dot.left, dot.right] : []) {
      const range = rowRange(evaluation, a, f);
      if (range) touch(a, ...range);
    }
  });
}
