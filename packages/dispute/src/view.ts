import type { Hash, HashList, Position } from "@opengradient/commitments";
import type { Program } from "@opengradient/program";
import type { Data } from "./known.ts";
import type { ShapeOf } from "./locate.ts";
import type { CommittedRun, Opening } from "./run.ts";

export type Model = {
  readonly program: Program;
  readonly weights: readonly Uint8Array[];
  /** their tensorRoots */
  readonly weightRoots: HashList;
};

/** What of a claim decides whether it is right. */
export type ClaimFacts = {
  readonly input: Hash;
  readonly output: Hash;
  /** keccak256(abi.encode(operator, requester, requestId)) */
  readonly traceSalt: Hash;
};

/** Seconds, as in docs/spec/claim.md: A to answer, R to react, C to prove after the last quiet moment. */
export type Clocks = {
  readonly windowEnd: number;
  readonly quietAt: number;
  readonly answer: number;
  readonly reaction: number;
  readonly grace: number;
};

export type DemandState = {
  readonly position: Position;
  readonly state: "asked" | "answered" | "expired" | "moot";
  readonly due: number;
};

/** A commit of ours that stands. */
export type CommitState = { readonly kernel: number; readonly element: number; readonly block: number };

/** OPG and native coin in their smallest units. */
export type Price = { readonly native: bigint; readonly opg: bigint };

export type Prices = {
  demand(position: Position): Price;
  /** bond of a commit, given back with the verdict, and the gas of commit */
  readonly commit: Price;
  readonly prove: Price;
  readonly expire: Price;
};

/** All that the honest player looks at. */
export type View = {
  readonly model: Model;
  readonly claim: ClaimFacts;
  readonly status: "open" | "void" | "final";
  readonly clocks: Clocks;
  readonly now: number;
  readonly block: number;
  /** what the operator's key opened on chain, posted or revealed */
  readonly opening: Opening | undefined;
  /** our run over the claim's input, with the salt that shows it to be that input */
  readonly own: { readonly run: CommittedRun; readonly salt: Hash } | undefined;
  readonly data: Data;
  /** what the operator says lies behind a tensorRoot; without it a wrong shape falls by a demand that nobody can answer */
  readonly shapeOf?: ShapeOf;
  readonly demands: readonly DemandState[];
  readonly commits: readonly CommitState[];
  readonly prices: Prices;
};

/** What shows that a demanded node hangs from the opening (docs/spec/commitments.md, Positions). */
export type DemandProof = {
  /** objects 4 and 5: the tensorRoot, and its path in its list or trace; else 0 and empty */
  readonly tensorRoot: Hash;
  readonly listPath: HashList;
  /** the node's hash, and its path in its own tree; 0 and empty for the root of the tree */
  readonly node: Hash;
  readonly path: HashList;
};

/** Why there is nothing to do: the claim is right, decided, out of reach, or our own executor is wrong. */
export type Verdict = "right" | "void" | "final" | "late" | "broken";

export type Act = { readonly reason: string; readonly price: Price } & (
  | { readonly kind: "demand"; readonly position: Position; readonly proof: DemandProof }
  | { readonly kind: "wait"; readonly until: number }
  | { readonly kind: "expire"; readonly position: Position }
  | { readonly kind: "run"; readonly inputs: readonly Uint8Array[]; readonly salt: Hash }
  /** `element` is the ordinal of a source when the lie is a wrong shape, as the Arbiter takes it */
  | { readonly kind: "commit"; readonly kernel: number; readonly element: number }
  | { readonly kind: "prove"; readonly kernel: number; readonly element: number; readonly witness: Uint8Array }
  | { readonly kind: "none"; readonly verdict: Verdict }
);
