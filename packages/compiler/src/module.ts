/** What passes change: a Program, its weights, and where each kernel came from. */
import { type Access, factsOf, type Kernel, type Program, type ProgramFacts, type Tensor } from "@opengradient/program";

export type Module = {
  readonly program: Program;
  readonly weights: readonly Tensor[];
  /** one for each kernel, for people */
  readonly labels: readonly string[];
};

/** What could not be compiled, and why. */
export class CompileError extends Error {
  override readonly name = "CompileError";
  /** the pass that gave up */
  readonly pass: string;
  /** where the kernel at fault came from */
  readonly label: string | undefined;

  constructor(pass: string, reason: string, label?: string) {
    super(label === undefined ? `${pass}: ${reason}` : `${pass}: ${label}: ${reason}`);
    this.pass = pass;
    this.label = label;
  }
}

export const withAccesses = (kernel: Kernel, change: (access: Access) => Access): Kernel => ({
  ...kernel,
  accesses: kernel.accesses.map(change),
});

/** Whether kernel k runs slice by slice: in a group, or reading itself. Its leading loop must stay as it is. */
export const isRecurrent = (kernel: Kernel, k: number): boolean =>
  kernel.groupSize > 1 || kernel.accesses.some((a) => a.space === 2 && a.index === k);

/** Each kernel's replacement: any number of kernels, of which the last writes what the old one wrote. */
export type Replacement = { readonly kernels: readonly Kernel[]; readonly label: string };

/**
 * Puts replacements in place of kernels and renumbers. Result indices in a replacement are old ones;
 * its own earlier kernels are −1, −2, … counted back from the one that reads.
 */
export function replaceKernels(module: Module, replacements: readonly Replacement[]): Module {
  const lastOf: number[] = [];
  let count = 0;
  for (const { kernels } of replacements) {
    count += kernels.length;
    lastOf.push(count - 1);
  }
  const kernels: Kernel[] = [];
  const labels: string[] = [];
  for (const replacement of replacements)
    for (const kernel of replacement.kernels) {
      const at = kernels.length;
      labels.push(replacement.label);
      kernels.push(
        withAccesses(kernel, (a) =>
          a.space === 2 ? { ...a, index: a.index < 0 ? at + a.index : lastOf[a.index]! } : a,
        ),
      );
    }
  const outputs = module.program.outputs.map((output) => ({ ...output, kernel: lastOf[output.kernel]! }));
  return { ...module, program: { ...module.program, kernels, outputs }, labels };
}

/** Replaces each kernel that is not recurrent; costs are taken for twice as many kernels, as parts and copies deepen the tree. */
export function rewriteKernels(
  module: Module,
  change: (facts: ProgramFacts, k: number, kernel: Kernel) => readonly Kernel[],
): Module {
  const facts = factsOf(module.program);
  const wide = { ...facts, kernels: [...facts.kernels, ...facts.kernels] };
  const replacements = module.program.kernels.map((kernel, k) => ({
    kernels: isRecurrent(kernel, k) ? [kernel] : change(wide, k, kernel),
    label: module.labels[k]!,
  }));
  return replaceKernels(module, replacements);
}

/** Replaces weights, dropping those that no kernel reads. */
export function replaceWeights(module: Module, weights: readonly Tensor[]): Module {
  const used = new Set(
    module.program.kernels.flatMap((k) => k.accesses.filter((a) => a.space === 1).map((a) => a.index)),
  );
  const kept = weights.flatMap((_, i) => (used.has(i) ? [i] : []));
  const numberOf = new Map(kept.map((old, now) => [old, now]));
  const kernels = module.program.kernels.map((kernel) =>
    withAccesses(kernel, (a) => (a.space === 1 ? { ...a, index: numberOf.get(a.index)! } : a)),
  );
  const left = kept.map((i) => weights[i]!);
  const program = { ...module.program, kernels, weights: left.map(({ dtype, dims }) => ({ dtype, dims })) };
  return { ...module, program, weights: left };
}
