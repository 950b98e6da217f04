import {
  type Addresses,
  batchesAbi,
  channelsAbi,
  delegationAbi,
  deliveriesAbi,
  disputesAbi,
  marketAbi,
  modelRegistryAbi,
  newWorkAbi,
  opgAbi,
  opgGovernorAbi,
  stakeVotesAbi,
  stakingAbi,
} from "@opengradient/bindings";
import { encodePosition, type Position } from "@opengradient/commitments";
import { type Abi, type Address, encodeFunctionData, type Hex, keccak256, stringToHex } from "viem";
import type { Batch, SumNode } from "./batch.ts";
import type { Claim } from "./claim.ts";
import { type Authorization, inUnit, type Parties, type Permit, type Redemption } from "./voucher.ts";

/** One contract call, not yet sent: what an outbox stores and what `act` simulates and sends. */
export type Call = {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
  /** native coin, wei */
  readonly value?: bigint | undefined;
};

export const encodeCall = ({ abi, functionName, args }: Call): Hex => encodeFunctionData({ abi, functionName, args });

/** Builds the call of an action, for one system. */
export type CallOf<P> = (addresses: Addresses, parameters: P) => Call;

/** What a request asks of one operator: docs/spec/claim.md. */
export type Request = {
  readonly modelRoot: Hex;
  readonly input: Hex;
  readonly operator: Address;
  readonly fee: bigint;
  readonly coverage: bigint;
  readonly level: number;
  readonly parameters: Hex;
  readonly deadline: bigint;
};

/** What lies behind the two sides of a claim, and the trace. */
export type Opening = {
  readonly salt: Hex;
  readonly inputRoot: Hex;
  readonly outputRoot: Hex;
  readonly traceRoot: Hex;
};

export type NodeProof = {
  readonly tensorRoot: Hex;
  readonly listPath: readonly Hex[];
  readonly node: Hex;
  readonly path: readonly Hex[];
};

export type Proof = {
  readonly kernel: number;
  readonly element: number;
  readonly salt: Hex;
  readonly witness: Hex;
};

export type Offer = { readonly modelRoot: Hex; readonly fee: bigint; readonly maxCoverage: bigint };
export type Origin = { readonly weightsRoot: Hex; readonly sourceHash: Hex; readonly compilerHash: Hex };
export type Metadata = { readonly royaltyBps: number; readonly uri: string };

/** Bytes behind the output side of a claim; `shape` is dtype ‖ u32 elements. */
export type Result = {
  readonly salt: Hex;
  readonly outputs: readonly { readonly shape: number; readonly data: Hex }[];
};

/** A channel of the caller's. */
type Own = { readonly operator: Address; readonly signer: Address };
/** `closesAt` in unix seconds; `NO_END` for none. */
type Opened = Own & { readonly amount: bigint; readonly closesAt: number };
/** What a vote decides: calls of the Timelock, and words that go with them. */
export type Motion = { readonly calls: readonly TimelockCall[]; readonly description: string };
export type TimelockCall = { readonly target: Address; readonly value: bigint; readonly data: Hex };
type At = { readonly claim: Claim; readonly position: Position; readonly target: Hex };

const opg =
  (functionName: string) =>
  (a: Addresses, args: readonly unknown[]): Call => ({ address: a.opg, abi: opgAbi, functionName, args });
const registry =
  (functionName: string) =>
  (a: Addresses, args: readonly unknown[]): Call => ({
    address: a.modelRegistry,
    abi: modelRegistryAbi,
    functionName,
    args,
  });
const staking =
  (functionName: string) =>
  (a: Addresses, args: readonly unknown[]): Call => ({ address: a.staking, abi: stakingAbi, functionName, args });
const delegation =
  (functionName: string) =>
  (a: Addresses, args: readonly unknown[]): Call => ({ address: a.delegation, abi: delegationAbi, functionName, args });
const votes =
  (functionName: string) =>
  (a: Addresses, args: readonly unknown[]): Call => ({ address: a.votes, abi: stakeVotesAbi, functionName, args });
const market =
  (functionName: string) =>
  (a: Addresses, args: readonly unknown[]): Call => ({ address: a.market, abi: marketAbi, functionName, args });
const newWork =
  (functionName: string) =>
  (a: Addresses, args: readonly unknown[]): Call => ({ address: a.newWork, abi: newWorkAbi, functionName, args });
const governor =
  (functionName: string) =>
  (a: Addresses, args: readonly unknown[]): Call => ({ address: a.governor, abi: opgGovernorAbi, functionName, args });
const batches =
  (functionName: string) =>
  (a: Addresses, args: readonly unknown[]): Call => ({ address: a.batches, abi: batchesAbi, functionName, args });
const channels =
  (functionName: string) =>
  (a: Addresses, args: readonly unknown[]): Call => ({ address: a.channels, abi: channelsAbi, functionName, args });
const deliveries =
  (functionName: string) =>
  (a: Addresses, args: readonly unknown[]): Call => ({ address: a.deliveries, abi: deliveriesAbi, functionName, args });
const disputes =
  (functionName: string) =>
  (a: Addresses, args: readonly unknown[], value?: bigint): Call => ({
    address: a.disputes,
    abi: disputesAbi,
    functionName,
    args,
    value,
  });

const inColumns = (all: Motion["calls"]) =>
  [all.map(({ target }) => target), all.map(({ value }) => value), all.map(({ data }) => data)] as const;
/** The Governor knows a proposal by its calls and the hash of its words. */
const named = ({ calls: all, description }: Motion) => [...inColumns(all), keccak256(stringToHex(description))];

/** The calls of every contract function that changes something, as plain data. */
export const calls = {
  approve: (a: Addresses, p: { spender: Address; amount: bigint }) => opg("approve")(a, [p.spender, p.amount]),
  transfer: (a: Addresses, p: { to: Address; amount: bigint }) => opg("transfer")(a, [p.to, p.amount]),

  publish: (a: Addresses, p: { header: Hex; descriptors: readonly Hex[]; origin: Origin; metadata: Metadata }) =>
    registry("publish")(a, [p.header, p.descriptors, p.origin, p.metadata]),
  openDraft: (a: Addresses, p: { header: Hex; origin: Origin; metadata: Metadata }) =>
    registry("open")(a, [p.header, p.origin, p.metadata]),
  addKernels: (a: Addresses, p: { draft: bigint; header: Hex; descriptors: readonly Hex[] }) =>
    registry("add")(a, [p.draft, p.header, p.descriptors]),
  sealDraft: (a: Addresses, p: { draft: bigint }) => registry("seal")(a, [p.draft]),
  deprecate: (a: Addresses, p: { modelRoot: Hex }) => registry("deprecate")(a, [p.modelRoot]),

  register: (a: Addresses, p: { signer: Address; payee: Address; endpoint: string; offers: readonly Offer[] }) =>
    staking("register")(a, [p.signer, p.payee, p.endpoint, p.offers]),
  updateOperator: (a: Addresses, p: { payee: Address; endpoint: string }) =>
    staking("update")(a, [p.payee, p.endpoint]),
  /** `defendsUntil` in unix seconds: how long the former hot key may still open claims; 0 for one in wrong hands. */
  rotateKey: (a: Addresses, p: { signer: Address; defendsUntil: number }) =>
    staking("rotate")(a, [p.signer, p.defendsUntil]),
  offer: (a: Addresses, p: { offers: readonly Offer[] }) => staking("offer")(a, [p.offers]),
  stake: (a: Addresses, p: { operator: Address; amount: bigint }) => staking("stake")(a, [p.operator, p.amount]),
  thaw: (a: Addresses, p: { amount: bigint }) => staking("thaw")(a, [p.amount]),
  withdrawStake: (a: Addresses, _: Record<never, never>) => staking("withdraw")(a, []),
  authorise: (a: Addresses, p: { court: Address }) => staking("authorise")(a, [p.court]),
  revoke: (a: Addresses, p: { court: Address }) => staking("revoke")(a, [p.court]),
  restore: (a: Addresses, _: Record<never, never>) => staking("restore")(a, []),

  delegate: (a: Addresses, p: { operator: Address; amount: bigint; leastShares: bigint }) =>
    delegation("delegate")(a, [p.operator, p.amount, p.leastShares]),
  undelegate: (a: Addresses, p: { operator: Address; shares: bigint }) =>
    delegation("undelegate")(a, [p.operator, p.shares]),
  withdrawDelegation: (a: Addresses, p: { operator: Address }) => delegation("withdraw")(a, [p.operator]),
  announceCut: (a: Addresses, p: { bps: number }) => delegation("announceCut")(a, [p.bps]),
  rewardDelegators: (a: Addresses, p: { operator: Address; amount: bigint }) =>
    delegation("reward")(a, [p.operator, p.amount]),
  syncVotes: (a: Addresses, p: { account: Address; operator: Address }) => votes("sync")(a, [p.account, p.operator]),
  /** Of what is at stake. */
  delegateVotes: (a: Addresses, p: { to: Address }) => votes("delegate")(a, [p.to]),
  /** Of OPG held. */
  delegateHeldVotes: (a: Addresses, p: { to: Address }) => opg("delegate")(a, [p.to]),

  propose: (a: Addresses, { calls: all, description }: Motion) =>
    governor("propose")(a, [...inColumns(all), description]),
  /** `support`: 0 against, 1 for, 2 abstaining */
  castVote: (a: Addresses, p: { id: bigint; support: number }) => governor("castVote")(a, [p.id, p.support]),
  queueProposal: (a: Addresses, p: Motion) => governor("queue")(a, named(p)),
  executeProposal: (a: Addresses, p: Motion) => governor("execute")(a, named(p)),
  cancelProposal: (a: Addresses, p: Motion) => governor("cancel")(a, named(p)),

  request: (a: Addresses, p: Request) => market("request")(a, [p]),
  refund: (a: Addresses, p: { requestId: bigint; requester: Address; terms: Request }) =>
    market("refund")(a, [p.requestId, p.requester, p.terms]),
  post: (a: Addresses, p: { claim: Claim; deadline: bigint; signature: Hex }) =>
    market("post")(a, [p.claim, p.deadline, p.signature]),
  postOpened: (a: Addresses, p: { claim: Claim; deadline: bigint; opening: Opening }) =>
    market("postOpened")(a, [p.claim, p.deadline, p.opening]),
  finalise: (a: Addresses, p: { claim: Claim }) => market("finalise")(a, [p.claim]),
  payAudits: (a: Addresses, _: Record<never, never>) => market("payAudits")(a, []),
  burnFees: (a: Addresses, _: Record<never, never>) => market("burn")(a, []),

  /** The guardian's. */
  guardianBeat: (a: Addresses, _: Record<never, never>) => newWork("beat")(a, []),
  pauseNewWork: (a: Addresses, _: Record<never, never>) => newWork("pause")(a, []),
  resumeNewWork: (a: Addresses, _: Record<never, never>) => newWork("resume")(a, []),

  postBatch: (a: Addresses, p: Omit<Batch, "postedAt">) =>
    batches("post")(a, [p.operator, p.root, p.coverage, p.count, p.parameters]),
  showClaim: (a: Addresses, p: { batch: Batch; claim: Claim; index: number; path: readonly SumNode[] }) =>
    batches("show")(a, [p.batch, p.claim, p.index, p.path]),
  releaseBatch: (a: Addresses, p: { batch: Batch }) => batches("release")(a, [p.batch]),
  lodge: (a: Addresses, p: { claim: Claim; signature: Hex }) => batches("lodge")(a, [p.claim, p.signature]),

  openChannel: (a: Addresses, p: Opened) => channels("open")(a, [p.operator, p.signer, p.amount, p.closesAt]),
  openChannelWithPermit: (a: Addresses, p: Opened & { permit: Permit }) =>
    channels("openWithPermit")(a, [p.operator, p.signer, p.amount, p.closesAt, p.permit]),
  openChannelWithAuthorization: (
    a: Addresses,
    p: { parties: Parties; amount: bigint; closesAt: number; authorization: Authorization },
  ) => channels("openWithAuthorization")(a, [p.parties, p.amount, p.closesAt, p.authorization]),
  fundChannel: (a: Addresses, p: { parties: Parties; amount: bigint }) => channels("fund")(a, [p.parties, p.amount]),
  setChannelEnd: (a: Addresses, p: Own & { closesAt: number }) =>
    channels("setEnd")(a, [p.operator, p.signer, p.closesAt]),
  withdrawChannel: (a: Addresses, p: Own) => channels("withdraw")(a, [p.operator, p.signer]),
  redeem: (a: Addresses, p: { operator: Address; redemptions: readonly Redemption[] }) =>
    channels("redeem")(a, [p.operator, p.redemptions.map(inUnit)]),
  payChannelAudits: (a: Addresses, _: Record<never, never>) => channels("payAudits")(a, []),
  burnChannelFees: (a: Addresses, _: Record<never, never>) => channels("burn")(a, []),

  deliver: (a: Addresses, p: { claim: Claim; result: Result }) => deliveries("deliver")(a, [p.claim, p.result]),
  deliverVoid: (a: Addresses, p: { claim: Claim }) => deliveries("deliverVoid")(a, [p.claim]),
  deliverRefund: (a: Addresses, p: { requestId: bigint }) => deliveries("deliverRefund")(a, [p.requestId]),

  demandOpening: (a: Addresses, p: { claim: Claim; value: bigint }) => disputes("demandOpening")(a, [p.claim], p.value),
  demand: (a: Addresses, p: { claim: Claim; opening: Opening; position: Position; proof: NodeProof; value: bigint }) =>
    disputes("demand")(a, [p.claim, p.opening, encodePosition(p.position), p.proof], p.value),
  openClaim: (a: Addresses, p: { claim: Claim; opening: Opening }) => disputes("open")(a, [p.claim, p.opening]),
  settleOpening: (a: Addresses, p: { claim: Claim }) => disputes("settleOpening")(a, [p.claim]),
  reveal: (a: Addresses, p: { claim: Claim; position: Position; data: Hex }) =>
    disputes("reveal")(a, [p.claim, encodePosition(p.position), p.data]),
  expire: (a: Addresses, p: At) => disputes("expire")(a, [p.claim, encodePosition(p.position), p.target]),
  reclaim: (a: Addresses, p: At) => disputes("reclaim")(a, [p.claim, encodePosition(p.position), p.target]),
  commit: (a: Addresses, p: { id: Hex; commitment: Hex }) => disputes("commit")(a, [p.id, p.commitment]),
  prove: (a: Addresses, p: { claim: Claim; opening: Opening; proof: Proof }) =>
    disputes("prove")(a, [p.claim, p.opening, p.proof]),
  settleBond: (a: Addresses, p: { claim: Claim; prover: Address; commitment: Hex }) =>
    disputes("settleBond")(a, [p.claim, p.prover, p.commitment]),
  withdrawCredits: (a: Addresses, p: { to: Address }) => disputes("withdraw")(a, [p.to]),
} as const;
