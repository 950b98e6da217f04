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

/** Inside addresses of a static access in the row of the last fold that begins at step f. */
function rowAddresses(evaluation: Evaluation, a: number, f: number): number[] {
  const row = evaluation.kernel.folds.at(-1)!;
  const addresses: number[] = [];
  for (let i = 0; i < row; i++) {
    evaluation.setFold(f + i);
    const address = evaluation.address(a, 0, 0);
    if (address >= 0) addresses.push(address);
  }
  return addresses;
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
      const addresses = rowAddresses(evaluation, a, f);
      if (addresses.length) touch(a, Math.min(...addresses), Math.max(...addresses));
    }
  });
}
