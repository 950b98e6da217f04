export { COMPILER, type CompileOptions, compile } from "./compile.ts";
export { CompileError, type Module } from "./module.ts";
export { PASSES, type Pass } from "./passes.ts";
