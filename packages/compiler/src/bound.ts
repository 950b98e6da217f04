import { ProgramError, validateProgram } from "@opengradient/program";
import { CompileError, type Module } from "./module.ts";

/** Changes nothing; refuses what may not be published. */
export function bound(module: Module): Module {
  try {
    validateProgram(module.program);
  } catch (cause) {
    if (!(cause instanceof ProgramError)) throw cause;
    const label = cause.kernel === undefined ? undefined : module.labels[cause.kernel];
    throw new CompileError("bound", cause.message, label);
  }
  return module;
}
