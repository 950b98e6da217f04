export { type Compiled, type CompileOptions, compile, type KernelPath, plan } from "./compile.ts";
export { type Engine, load, type Trace } from "./engine.ts";
export { EngineError, type EngineErrorCode } from "./errors.ts";
export type { PathName } from "./stages.ts";
