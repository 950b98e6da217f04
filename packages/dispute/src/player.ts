import { OBJECT, type Position, sameBytes, ZERO_HASH } from "@opengradient/commitments";
import { evaluateElement, narrow, readElement } from "@opengradient/program";
import { demandBy, demandProof, depthOf } from "./demand.ts";
import { openedInputs } from "./inputs.ts";
import { type Known, knownOf } from "./known.ts";
import { type Lie, locate, wrongShape } from "./locate.ts";
import { type CommittedRun, claimInput, claimOutput, type Opening } from "./run.ts";
import type { Act, DemandState, Price, Verdict, View } from "./view.ts";
import { lieWitness } from "./witness.ts";

const FREE: Price = { native: 0n, opg: 0n };
const CLAIM: Position = { object: OBJECT.claim, tensor: 0, j: 0, i: 0 };
const NO_PROOF = { tensorRoot: ZERO_HASH, listPath: new Uint8Array(), node: ZERO_HASH, path: new Uint8Array() };
/** A proof is accepted this many blocks after its commit. */
const COMMIT_BLOCKS = 2;

/** Our run is not over this claim's input: nothing can be said of the claim with it. */
export class WrongInputError extends Error {
  override readonly name = "WrongInputError";
}

/**
 * The next acts of an honest challenger, in the order in which to do them; acts of one call do not depend on each
 * other. Never starts against an honest claim: where our own outputs (and what the operator opened) hash to what it
 * signed, the verdict is `right`. What is opened off chain needs no demand; what nobody opens is demanded, and falls
 * by `expire` when it stays closed.
 * Our own executor is checked against the reference before a bond is put behind it: `broken` if they differ.
 * @throws WrongInputError if `own` was not computed from the claim's input
 */
export function nextActs(view: View): readonly Act[] {
  if (view.status !== "open") return [none(view.status, `the claim is ${view.status}`)];
  const asked = view.demands.filter(({ state }) => state === "asked");
  const late = asked.find(({ due }) => view.now > due);
  if (!view.own) return late ? [expire(view, late)] : gather(view, asked);
  const acts = challenge(view, view.own.run, asked);
  // Who asked an honest operator that could not answer may expire that; we have no part in it.
  const right = acts.some((act) => act.kind === "none" && act.verdict === "right");
  return late && !right ? [expire(view, late)] : acts;
}

const expire = ({ prices }: View, { position }: DemandState): Act => ({
  kind: "expire",
  position,
  price: prices.expire,
  reason: `the operator was asked for ${nameOf(position)} and let the time to answer pass`,
});

type Asked = View["demands"];

/** Without a run of our own: first the salt and the inputs. */
function gather(view: View, asked: Asked): readonly Act[] {
  if (!view.opening) return demands(view, [CLAIM], asked, "nobody serves the claim's input");
  const inputs = openedInputs(view.model.program, view.claim, view.opening, view.data);
  if ("hidden" in inputs) {
    const known = knownFor(view, view.opening, undefined);
    const misshapen = view.model.program.inputs
      .map((_, tensor) => wrongShape(view.model.program, known, { object: OBJECT.inputTensor, tensor }, view.shapeOf))
      .find((found) => found !== undefined);
    if (misshapen) return accuse(view, known, misshapen);
    return demands(view, inputs.hidden, asked, "without the input the claim can not be re-run", known);
  }
  const reason = "the input is complete: run the model on it";
  return [{ kind: "run", inputs: inputs.leaves, salt: view.opening.salt, price: FREE, reason }];
}

function challenge(view: View, own: CommittedRun, asked: Asked): readonly Act[] {
  const { salt } = view.own!;
  if (!sameBytes(claimInput(salt, own), view.claim.input))
    throw new WrongInputError("the run at hand does not start from the input that the claim names");
  const sameOutput = sameBytes(claimOutput(salt, own), view.claim.output);
  if (!view.opening) {
    if (sameOutput) return [none("right", "our own run gives the claim's output")];
    return demands(view, [CLAIM], asked, "our own run gives another output than the claim");
  }
  const known = knownFor(view, view.opening, own);
  const lie = locate(known, own, view.opening, view.shapeOf);
  if (lie.kind === "none") return [none("right", "our own run gives the claim's output and the trace that was opened")];
  if (lie.kind === "hidden")
    return demands(view, lie.positions, asked, "the operator's roots differ from ours below this node", known);
  return accuse(view, known, lie);
}

function accuse(view: View, known: Known, lie: Exclude<Lie, { kind: "none" | "hidden" }>): readonly Act[] {
  const { kernel, element } = lie;
  const commit = view.commits.find((at) => at.kernel === kernel && at.element === element);
  const what =
    lie.kind === "element"
      ? `element ${element} of kernel ${kernel} is not what the kernel gives on the operator's own tensors`
      : `${tensorName(lie.source)} was committed with another dtype or length`;
  if (!commit) {
    if (lie.kind === "element" && !agreesWithReference(view, kernel, element))
      return [none("broken", `our own executor gives a wrong element ${element} of kernel ${kernel}: report it`)];
    if (view.now > view.clocks.quietAt) return [none("late", "the claim can no longer be challenged")];
    return [{ kind: "commit", kernel, element, price: view.prices.commit, reason: what }];
  }
  if (view.block < commit.block + COMMIT_BLOCKS)
    return [{ kind: "wait", until: view.now, price: FREE, reason: "a proof is accepted two blocks after its commit" }];
  const witness = lieWitness(view.model, known, view.own?.run, lie);
  return [{ kind: "prove", kernel, element, witness, price: view.prices.prove, reason: what }];
}

/** A bond is put only behind what the definition itself gives on our own tensors. */
function agreesWithReference({ model, own }: View, kernel: number, element: number): boolean {
  const { outType, loops } = model.program.kernels[kernel]!;
  if (element >= loops.reduce((all, extent) => all * extent, 1)) return true;
  const { inputs, results } = own!.run;
  const word = evaluateElement(model.program, kernel, element, { inputs, weights: model.weights, results });
  return narrow(outType, word) === readElement(results[kernel]!, outType, element);
}

function demands(view: View, positions: readonly Position[], asked: Asked, why: string, known?: Known): readonly Act[] {
  const open = positions.filter((position) => !asked.some((demand) => samePosition(demand.position, position)));
  if (!open.length) {
    const due = Math.max(...asked.map((demand) => demand.due));
    return [
      { kind: "wait", until: due, price: FREE, reason: `${positions.map(nameOf).join(", ")}: asked and not yet due` },
    ];
  }
  const inTime = open.filter((at) => view.now <= demandBy(view.clocks, depthOf(view.model.program, at)));
  if (!inTime.length) return [none("late", `${nameOf(open[0]!)} can no longer be demanded`)];
  return inTime.map((position) => ({
    kind: "demand",
    position,
    proof: known ? demandProof(known, position) : NO_PROOF,
    price: view.prices.demand(position),
    reason: `${why}; ${nameOf(position)} is not served`,
  }));
}

const knownFor = ({ model: { program }, claim, data }: View, opening: Opening, own: CommittedRun | undefined): Known =>
  knownOf({ program, traceSalt: claim.traceSalt, opening, data }, own);

const none = (verdict: Verdict, reason: string): Act => ({
  kind: "none",
  verdict,
  price: FREE,
  reason,
});

const samePosition = (a: Position, b: Position): boolean =>
  a.object === b.object && a.tensor === b.tensor && a.j === b.j && a.i === b.i;

const OBJECTS = ["the claim", "the trace", "the inputs", "the outputs", "input", "result"] as const;

const tensorName = ({ object, tensor }: Pick<Position, "object" | "tensor">): string =>
  object >= OBJECT.inputTensor ? `${OBJECTS[object]} ${tensor}` : OBJECTS[object];

/** A position in words. */
export function nameOf({ object, tensor, j, i }: Position): string {
  if (object === OBJECT.claim) return "the claim's opening";
  const whose = tensorName({ object, tensor });
  return j === 0 ? `leaf ${i} of ${whose}` : `node ${i} at height ${j} of ${whose}`;
}
