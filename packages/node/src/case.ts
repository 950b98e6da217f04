import { encodePosition, fromHex, type Position } from "@opengradient/commitments";
import {
  type Act,
  type CommitState,
  chainView,
  claimFacts,
  commitRun,
  inputShape,
  nextActs,
  trimLeaves,
  type View,
} from "@opengradient/dispute";
import { checkTensors } from "@opengradient/program";
import { claimStanding, type Package, type Reader } from "@opengradient/protocol";
import { openingBytes, type Served } from "./evidence.ts";
import type { LoadedModel } from "./executor.ts";
import type { Head } from "./follower.ts";
import type { ClaimHistory } from "./history.ts";
import { challengerPrices } from "./pricing.ts";
import { traceRun } from "./runs.ts";

/** What a challenger holds of one claim in memory; all of it can be had again. */
export type Case = {
  readonly model: LoadedModel;
  readonly served: Served;
  own: View["own"];
};

/** What a challenger looks at beside the claim itself. */
export type Circumstances = {
  readonly head: Head;
  /** of ours, that stand on chain */
  readonly commits: readonly CommitState[];
  /** OPG of a commit */
  readonly bond: bigint;
  /** wei below which prices of demands do not follow the base fee */
  readonly floor: bigint;
};

export type CaseView = Omit<View, "own" | "data">;

/** The claim as it stands on chain. */
export async function viewCase(
  reader: Reader,
  { model }: Pick<Case, "model">,
  history: ClaimHistory,
  { head, commits, bond, floor }: Circumstances,
): Promise<CaseView> {
  const { claim, opening, demands } = history;
  const standing = await claimStanding(reader, claim);
  return {
    ...chainView({ claim, standing, now: head.time, block: Number(head.number) }),
    model: { ...model, weights: model.weights.map(({ data }) => data) },
    opening: opening && openingBytes(opening),
    demands,
    commits,
    prices: challengerPrices({ claim, program: model.program, baseFee: head.baseFee, floor, bond }),
  };
}

/** Runs the claim again on an input that somebody gave. @throws TensorError if the model can not take it */
export function runCase(held: Case, { claim }: ClaimHistory, { tensors, salt }: Package): void {
  checkTensors("input", held.model.program.inputs, tensors);
  held.own = { run: traceRun(held.model, claim, tensors), salt: fromHex(salt, 32) };
}

/** What was revealed or served for a position; what was not is noted in `misses`. */
export const dataOf =
  ({ served }: Pick<Case, "served">, { revealed }: ClaimHistory, misses: Set<bigint>) =>
  (position: Position): Uint8Array | undefined => {
    const key = encodePosition(position);
    const found = revealed.get(key) ?? served.known.get(key);
    if (!found) misses.add(key);
    return found;
  };

/** The honest player's acts, once everything that they depend on and the operator serves was fetched. */
export async function decide(held: Case, history: ClaimHistory, view: CaseView): Promise<readonly Act[]> {
  for (;;) {
    const misses = new Set<bigint>();
    const acts = nextActs({ ...view, own: held.own, data: dataOf(held, history, misses) });
    const run = acts.find((act) => act.kind === "run");
    if (run) held.own = { run: runLeaves(held, history, run.inputs), salt: run.salt };
    else if (!misses.size || !(await held.served.fetch(misses, view.now))) return acts;
  }
}

/** Runs on inputs as they were committed, padding and all. */
function runLeaves({ model }: Case, { claim }: ClaimHistory, leaves: readonly Uint8Array[]) {
  const { program, runner } = model;
  const inputs = program.inputs.map((info, i) => ({ ...info, data: trimLeaves(inputShape(program, i), leaves[i]!) }));
  return commitRun(program, { inputs: leaves, results: runner.trace(inputs) }, claimFacts(claim).traceSalt);
}
