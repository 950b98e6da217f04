import { factsOf, ProgramError, validateKernel } from "@opengradient/program";
import { CompileError, type Module } from "./module.ts";
import { PASSES, type Pass } from "./passes.ts";

export type CompileOptions = {
  /** stop after the pass of this name */
  readonly after?: string;
};

/**
 * Kernels as an importer wrote them → a valid Program. The same module always gives the same bytes.
 * @throws CompileError naming the pass, and the kernel by its label
 */
export function compile(module: Module, { after }: CompileOptions = {}): Module {
  if (after !== undefined && !PASSES.some((pass) => pass.name === after))
    throw new CompileError(
      "options",
      `there is no pass ${after}; passes: ${PASSES.map((pass) => pass.name).join(", ")}`,
    );
  let current = module;
  for (const pass of PASSES) {
    current = pass.run(current);
    verify(pass, current);
    if (pass.name === after) break;
  }
  return current;
}

/** Every rule but the budgets, which only `bound` promises. */
function verify(pass: Pass, module: Module): void {
  const facts = factsOf(module.program);
  for (const [k, kernel] of module.program.kernels.entries()) {
    try {
      validateKernel(facts, k, kernel);
    } catch (cause) {
      if (!(cause instanceof ProgramError)) throw cause;
      if (cause.rule !== "V9") throw new CompileError(pass.name, cause.message, module.labels[k]);
    }
  }
}

/** Name and version, whose keccak256 is a model's compilerHash. The version grows whenever any Program would change. */
export const COMPILER = "opengradient-compiler@0.1.4";
