import {
  claimSide,
  concatBytes,
  encodePosition,
  type Hash,
  keccak,
  type Position,
  ZERO_HASH,
} from "@opengradient/commitments";
import { type CommittedShape, tensorRootOf } from "@opengradient/program";
import {
  type Act,
  type Ahead,
  type CommittedRun,
  commitRun,
  demandsAhead,
  nextActs,
  type Opening,
  openingOf,
  revealNode,
  type ShapeOf,
  type View,
} from "../src/index.ts";
import { Court } from "./court.ts";
import type { Toy } from "./toys.ts";

export const salt: Hash = keccak(Uint8Array.of(1));
export const traceSalt: Hash = keccak(Uint8Array.of(2));

/** What the operator does with its data. */
export type Behaviour = {
  /** opening on chain at the post */
  readonly posted?: boolean;
  /** nodes over HTTP */
  readonly served?: boolean;
  /** answers the demand of the opening, answers the rest */
  readonly opens?: boolean;
  readonly answers?: boolean;
  /** gives the challenger the input off chain */
  readonly givesInput?: boolean;
  /** the challenger arrives in the window's last second; both sides then always act in their last second */
  readonly late?: boolean;
  /** the challenger's own run, when its executor is broken */
  readonly ours?: CommittedRun;
  readonly shapes?: ReadonlyMap<string, CommittedShape>;
};

export const honestly: Behaviour = { served: true, opens: true, answers: true, givesInput: true };

export const commitToy = ({ program, inputs, results }: Toy, wrong: readonly Uint8Array[] = results): CommittedRun =>
  commitRun(program, { inputs: inputs.map(({ data }) => data), results: wrong }, traceSalt);

export type Played = {
  readonly court: Court;
  readonly acts: readonly Act[];
  readonly demands: number;
  readonly last: Act;
  /** what the first view of the claim let expect */
  readonly quoted: Ahead;
};

/** Lets the honest player loose on one claim, until there is nothing left to do. */
export function play(toy: Toy, theirs: CommittedRun, behaviour: Behaviour, given: Partial<Opening> = {}): Played {
  const opening = { ...openingOf(theirs, salt), ...given };
  const input = claimSide(salt, 0, opening.inputRoot);
  const court = new Court(toy, { input, output: claimSide(salt, 1, opening.outputRoot), traceSalt });
  if (behaviour.posted) court.open(opening);
  if (behaviour.late) court.now = court.clocks.windowEnd;
  const acts: Act[] = [];
  let own: View["own"] = behaviour.givesInput ? { run: behaviour.ours ?? commitToy(toy), salt } : undefined;
  const quoted = demandsAhead(viewOf(toy, court, { own, behaviour, theirs }), []);
  for (let turn = 0; turn < 400; turn++) {
    const next = nextActs(viewOf(toy, court, { own, behaviour, theirs }));
    for (const act of next) {
      acts.push(act);
      if (act.kind === "run") {
        const inputs = act.inputs;
        own = { run: commitRun(toy.program, { inputs, results: toy.results }, traceSalt), salt: act.salt };
      } else perform(court, act);
      if (act.kind === "none" || court.status === "void") return { ...finish(court, acts, act), quoted };
    }
    const asked = court.demands.filter(({ state }) => state === "asked").map(({ due }) => due);
    if (behaviour.late && asked.length > 0) court.now = Math.max(court.now, Math.min(...asked));
    answer(court, theirs, behaviour, opening);
    court.block += 1;
    court.now += behaviour.late ? (asked.length > 0 ? court.clocks.reaction : 0) : 5;
  }
  throw new Error("the player did not come to an end");
}

const finish = (court: Court, acts: readonly Act[], last: Act): Omit<Played, "quoted"> => ({
  court,
  acts,
  last,
  demands: acts.filter(({ kind }) => kind === "demand").length,
});

function perform(court: Court, act: Act): void {
  if (act.kind === "demand") court.demand(act.position, act.proof);
  if (act.kind === "expire") court.expire(act.position);
  if (act.kind === "commit") court.commit(act.kernel, act.element);
  if (act.kind === "prove") court.prove(act);
  if (act.kind === "wait" && act.until > court.now) court.now = act.until + 1;
}

function answer(court: Court, theirs: CommittedRun, behaviour: Behaviour, opening: Opening): void {
  for (const { position, state, due } of court.demands) {
    if (state !== "asked" || court.now > due) continue;
    if (position.object === 0) {
      if (behaviour.opens) tryTo(() => court.open(opening));
    } else if (behaviour.answers) tryTo(() => court.reveal(position, revealNode(theirs, position)));
  }
}

/** The liar sends what it has; what the court refuses stays unanswered. */
function tryTo(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("the court refused"))) throw error;
  }
}

export const NO_PROOF = {
  tensorRoot: ZERO_HASH,
  listPath: new Uint8Array(),
  node: ZERO_HASH,
  path: new Uint8Array(),
};

/** What a challenger with a run of its own would do about a court as it is. */
export const actsOn = (toy: Toy, court: Court, theirs: CommittedRun): readonly Act[] =>
  nextActs(viewOf(toy, court, { own: { run: commitToy(toy), salt }, behaviour: honestly, theirs }));

type Side = { own: View["own"]; behaviour: Behaviour; theirs: CommittedRun };

function viewOf(toy: Toy, court: Court, { own, behaviour, theirs }: Side): View {
  const free = { native: 0n, opg: 0n };
  const shapeOf: ShapeOf = ({ object, tensor }) => behaviour.shapes?.get(`${object}/${tensor}`);
  return {
    model: {
      program: toy.program,
      weights: toy.weights.map(({ data }) => data),
      weightRoots: concatBytes(toy.weights.map(tensorRootOf)),
    },
    claim: court.claim,
    status: court.status,
    clocks: court.clocks,
    now: court.now,
    block: court.block,
    opening: court.opening,
    own,
    data: (position: Position) =>
      court.revealed.get(encodePosition(position)) ?? (behaviour.served ? revealNode(theirs, position) : undefined),
    shapeOf,
    demands: court.demands,
    commits: court.commits,
    prices: { demand: () => free, commit: free, prove: free, expire: free },
  };
}
