/** A kernel as the functions that compute it: one, or copies into buffers first (packed weights, haloed inputs). */
import type { Fn } from "./emit.ts";
import { type Lowered, product, type Source } from "./lower.ts";

export type PathName = "scalar" | "vectors" | "tiles";

/** A tensor that only the stages of one kernel see; one made at load stays for good. */
export type Buffer = { readonly bytes: number; readonly atLoad: boolean };

export type Stage = {
  readonly sources: readonly Source[];
  readonly target: { readonly kind: "result" } | { readonly kind: "buffer"; readonly index: number };
  /** it reads only weights and runs once */
  readonly atLoad: boolean;
  /** parts that its work can be done in at most */
  readonly blocks: number;
  /** of one call, roughly */
  readonly nanoseconds: number;
};

/** Code, and how many parts it can be called for at most. */
export type Coded = { readonly fn: Fn; readonly blocks: number };

/** A stage with its code. */
export type CodedStage = Stage & { readonly fn: Fn };

export type KernelPlan<S extends Stage = CodedStage> = {
  readonly path: PathName;
  /** what was recognised, for people */
  readonly note: string;
  readonly buffers: readonly Buffer[];
  readonly stages: readonly S[];
};

/** Instructions a nanosecond, of the order that counts for whether a second thread is worth calling. */
const SPEED: Readonly<Record<PathName, number>> = { scalar: 1, vectors: 8, tiles: 64 };

/** A stage that computes kernel k. */
export function stageOf(k: Lowered, path: PathName, coded: Coded, target: Stage["target"]): CodedStage {
  const loops = product(k.sliced ? k.loops.slice(1) : k.loops);
  const instructions = loops * (product(k.folds) * k.step.length + k.init.length + k.done.length + 1);
  const atLoad = target.kind === "buffer" && k.sources.every((source) => source.kind === "weight");
  return { ...coded, sources: k.sources, target, atLoad, nanoseconds: instructions / SPEED[path] };
}
