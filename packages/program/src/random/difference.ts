import { resultElements } from "../kernel.ts";
import { readElement } from "../tensors.ts";
import type { Program } from "../types.ts";

/** Where two runs of a Program first differ, in words. */
export function firstDifference(
  program: Program,
  right: readonly Uint8Array[],
  given: readonly Uint8Array[],
): string | undefined {
  for (const [k, kernel] of program.kernels.entries()) {
    const [want, got] = [right[k]!, given[k]!];
    if (want.length !== got.length) return `kernel ${k}: ${got.length} bytes, not ${want.length}`;
    if (want.every((byte, i) => byte === got[i])) continue;
    for (let e = 0; e < resultElements(kernel); e++) {
      const [expected, word] = [want, got].map((data) => readElement(data, kernel.outType, e) >>> 0);
      if (expected !== word) return `kernel ${k} element ${e}: ${word!.toString(16)}, not ${expected!.toString(16)}`;
    }
  }
  return undefined;
}
