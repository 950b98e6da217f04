import { type Program, readElement, resultElements } from "@opengradient/program";

/** Where two runs of a Program first differ, in words. */
export function firstDifference(
  program: Program,
  right: readonly Uint8Array[],
  given: readonly Uint8Array[],
): string | undefined {
  for (const [k, kernel] of program.kernels.entries()) {
    if (Buffer.compare(right[k]!, given[k]!) === 0) continue;
    for (let e = 0; e < resultElements(kernel); e++) {
      const [expected, got] = [right[k]!, given[k]!].map((data) => readElement(data, kernel.outType, e) >>> 0);
      if (expected !== got) return `kernel ${k} element ${e}: ${got!.toString(16)}, not ${expected!.toString(16)}`;
    }
    return `kernel ${k}: ${given[k]!.length} bytes, not ${right[k]!.length}`;
  }
  return undefined;
}
