import type { Verdict } from "@opengradient/dispute";
import type { ChallengeQuote } from "@opengradient/node/client";
import type { Call } from "@opengradient/protocol";
import type { Address, Hex } from "viem";
import type { Network } from "../network.ts";

/** Which claim, and where its data may be had. */
export type Job = {
  readonly network: Pick<Network, "rpc" | "deployment">;
  readonly digest: Hex;
  /** block of its post */
  readonly since: bigint;
  /** any node that may serve the model; the claim's own operator first */
  readonly endpoints: readonly string[];
  /** the input as an encoded package, when it is our own */
  readonly input: Uint8Array | undefined;
};

/** A commit of ours: what the proof needs to open it. */
export type KnownCommit = {
  readonly kernel: number;
  readonly element: number;
  readonly salt: Hex;
  readonly commitment: Hex;
};

export type Challenger = { readonly account: Address; readonly commits: readonly KnownCommit[] };

/** Where the operator's run first leaves ours; bytes of that element. */
export type Difference = {
  readonly kernel: number;
  readonly kernels: number;
  readonly element: number;
  readonly dtype: 0 | 1 | 2 | 3;
  readonly theirs: Uint8Array | undefined;
  readonly ours: Uint8Array;
};

export type Timings = { readonly fetch: number; readonly prepare: number; readonly run: number | undefined };

export type Report = {
  readonly verdict: "equal" | "differs" | "withheld";
  /** in words, from the honest player */
  readonly reason: string;
  readonly difference: Difference | undefined;
  /** our own first output, raw */
  readonly output: Uint8Array | undefined;
  /** milliseconds */
  readonly timings: Timings;
  /** who served the model */
  readonly servedBy: string;
  readonly quote: ChallengeQuote;
};

/** The next move of a challenge: something to send, a while to wait, or the end. */
export type Move = { readonly reason: string } & (
  | {
      readonly kind: "demand" | "commit" | "prove" | "expire";
      readonly call: Omit<Call, "abi">;
      /** OPG that is taken for it (a bond comes back) */
      readonly opg: bigint;
      /** what is demanded: see OBJECT of packages/commitments */
      readonly object: number | undefined;
      readonly commit: KnownCommit | undefined;
    }
  /** `until` in unix seconds of the chain */
  | { readonly kind: "wait"; readonly until: number; readonly object: undefined }
  | { readonly kind: "end"; readonly verdict: Verdict; readonly object: undefined }
);

export type Question =
  | { readonly kind: "check"; readonly job: Job }
  | { readonly kind: "moves"; readonly job: Job; readonly challenger: Challenger };

export type ToWorker = { readonly id: number; readonly question: Question };

export type FromWorker =
  | { readonly id: number; readonly kind: "progress"; readonly words: string }
  | { readonly id: number; readonly kind: "answer"; readonly value: unknown }
  | { readonly id: number; readonly kind: "error"; readonly message: string };
