/** A kernel as the functions that compute it: one, or copies into buffers first (packed weights, haloed inputs). */
import type { Fn } from "./emit.ts";
import type { Source } from "./lower.ts";

export type PathName = "scalar" | "vectors" | "tiles";

/** A tensor that only the stages of one kernel see; one made at load stays for good. */
export type Buffer = { readonly bytes: number; readonly atLoad: boolean };

export type Stage = {
  readonly sources: readonly Source[];
  readonly target: { readonly kind: "result" } | { readonly kind: "buffer"; readonly index: number };
  /** it reads only weights and runs once */
  readonly atLoad: boolean;
};

/** A stage with its code. */
export type CodedStage = Stage & { readonly fn: Fn };

export type KernelPlan<S extends Stage = CodedStage> = {
  readonly path: PathName;
  /** what was recognised, for people */
  readonly note: string;
  readonly buffers: readonly Buffer[];
  readonly stages: readonly S[];
};
