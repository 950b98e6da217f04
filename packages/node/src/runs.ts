import { type CommittedRun, claimFacts, commitRun } from "@opengradient/dispute";
import type { Tensor } from "@opengradient/program";
import type { Claim } from "@opengradient/protocol";
import type { LoadedModel } from "./executor.ts";

/** Runs a claim's model on its input with everything that the claim's roots commit to. */
export function traceRun(model: LoadedModel, claim: Claim, inputs: readonly Tensor[]): CommittedRun {
  const results = model.runner.trace(inputs);
  return commitRun(model.program, { inputs: inputs.map(({ data }) => data), results }, claimFacts(claim).traceSalt);
}

export type Runs = (claim: Claim, inputs: readonly Tensor[]) => CommittedRun;

const KEPT = 4;

/** The same, with the last few kept: a demand or a watcher's request is rarely the only one. */
export function keptRuns(modelOf: (claim: Claim) => LoadedModel): Runs {
  const kept = new Map<string, CommittedRun>();
  return (claim, inputs) => {
    const key = `${claim.operator}/${claim.requester}/${claim.requestId}/${claim.modelRoot}/${claim.input}`;
    const run = kept.get(key) ?? traceRun(modelOf(claim), claim, inputs);
    kept.delete(key);
    kept.set(key, run);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
    return run;
  };
}
