import { traceSalt } from "@opengradient/commitments";
import { type CommittedRun, commitRun } from "@opengradient/dispute";
import type { Tensor } from "@opengradient/program";
import type { Claim } from "@opengradient/protocol";
import type { Hex } from "viem";
import type { LoadedModel } from "./executor.ts";

/** What a run depends on, beside its inputs: known as soon as a request is. */
export type Traced = Pick<Claim, "operator" | "requester" | "requestId" | "modelRoot" | "input">;

/** Runs a claim's model on its input with everything that the claim's roots commit to. */
export function traceRun(model: LoadedModel, claim: Traced, inputs: readonly Tensor[]): CommittedRun {
  const salt = traceSalt(claim.operator, claim.requester, claim.requestId);
  const results = model.runner.trace(inputs);
  return commitRun(model.program, { inputs: inputs.map(({ data }) => data), results }, salt);
}

export type Runs = {
  of(claim: Traced, inputs: readonly Tensor[]): CommittedRun;
  /** The longest that a trace of the claim's model took; traces the claim if none was traced yet. */
  seconds(claim: Traced, inputs: () => readonly Tensor[]): number;
  /** the same of a model; 0 before its first trace */
  longest(model: Hex): number;
};

const KEPT = 4;

/** Traces, of which the last few are kept: a demand or a watcher's request is rarely the only one. */
export function keptRuns(models: ReadonlyMap<string, LoadedModel>): Runs {
  const kept = new Map<string, CommittedRun>();
  const longest = new Map<string, number>();

  function timed(claim: Traced, inputs: readonly Tensor[]): CommittedRun {
    const began = performance.now();
    const run = traceRun(models.get(claim.modelRoot)!, claim, inputs);
    const seconds = (performance.now() - began) / 1000;
    longest.set(claim.modelRoot, Math.max(seconds, longest.get(claim.modelRoot) ?? 0));
    return run;
  }

  function of(claim: Traced, inputs: readonly Tensor[]): CommittedRun {
    const key = `${claim.operator}/${claim.requester}/${claim.requestId}/${claim.modelRoot}/${claim.input}`;
    const run = kept.get(key) ?? timed(claim, inputs);
    kept.delete(key);
    kept.set(key, run);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
    return run;
  }

  return {
    of,
    longest: (model) => longest.get(model) ?? 0,
    seconds(claim, inputs) {
      if (!longest.has(claim.modelRoot)) of(claim, inputs());
      return longest.get(claim.modelRoot)!;
    },
  };
}
