import { resultElements, SPACE } from "./kernel.ts";
import { runReference } from "./reference.ts";
import type { Access, Kernel, Program, Tensor } from "./types.ts";

/** Packed result of a kernel outside any Program, by the reference. `source` gives the tensor that an access reads. */
export function runAlone(kernel: Kernel, source: (access: Access) => Tensor): Uint8Array {
  const weights = kernel.accesses.map(source);
  const accesses = kernel.accesses.map((access, index) => ({ ...access, space: SPACE.weight, index }));
  const program: Program = {
    inputs: [],
    weights,
    kernels: [{ ...kernel, accesses }],
    outputs: [{ kernel: 0, dims: [resultElements(kernel)] }],
  };
  return runReference(program, weights, [])[0]!;
}
