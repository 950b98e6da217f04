import { factsOf, ProgramError, validateKernel, validateProgram } from "@opengradient/program";
import { CompileError, type Module } from "./module.ts";

/** Changes nothing; refuses what may not be published. */
export function bound(module: Module): Module {
  const facts = factsOf(module.program);
  for (const [k, kernel] of module.program.kernels.entries()) {
    try {
      validateKernel(facts, k, kernel);
    } catch (cause) {
      if (cause instanceof ProgramError) throw new CompileError("bound", cause.message, module.labels[k]);
      throw cause;
    }
  }
  validateProgram(module.program);
  return module;
}
