import { disputesAbi, marketAbi, newWorkAbi, opgGovernorAbi } from "@opengradient/bindings";
import { type Abi, type Address, decodeFunctionData, encodeFunctionData, type Hex, isAddressEqual } from "viem";
import type { Motion, TimelockCall } from "./calls.ts";
import type { Reader } from "./client.ts";
import { type ProtocolEvent, readEvents } from "./events.ts";

/** All that a vote can do: docs/governance.md. Shares in basis points of a fee, the floor in wei. */
export type GovernedAct =
  | { readonly kind: "resplit"; readonly tier: Hex; readonly auditBps: number; readonly burnBps: number }
  | { readonly kind: "floor"; readonly floor: bigint }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "appoint"; readonly guardian: Address };

/** Bounds that the contracts have in their code, ends included. */
export const GOVERNED_BOUNDS = {
  auditBps: { least: 0, most: 3_000 },
  burnBps: { least: 100, most: 3_000 },
  /** wei */
  floor: { least: 1n, most: 10n ** 11n },
} as const;

type Held = { readonly on: "market" | "disputes" | "newWork"; readonly abi: Abi; readonly functionName: string };

const HELD: Readonly<Record<GovernedAct["kind"], Held>> = {
  resplit: { on: "market", abi: marketAbi, functionName: "resplit" },
  floor: { on: "disputes", abi: disputesAbi, functionName: "setBaseFeeFloor" },
  pause: { on: "newWork", abi: newWorkAbi, functionName: "pause" },
  resume: { on: "newWork", abi: newWorkAbi, functionName: "resume" },
  appoint: { on: "newWork", abi: newWorkAbi, functionName: "appoint" },
};

function argsOf(act: GovernedAct): readonly unknown[] {
  switch (act.kind) {
    case "resplit":
      return [act.tier, act.auditBps, act.burnBps];
    case "floor":
      return [act.floor];
    case "appoint":
      return [act.guardian];
    default:
      return [];
  }
}

/** The call by which the Timelock does it. */
export function governedCall({ addresses }: Pick<Reader, "addresses">, act: GovernedAct): TimelockCall {
  const { on, abi, functionName } = HELD[act.kind];
  return { target: addresses[on], value: 0n, data: encodeFunctionData({ abi, functionName, args: argsOf(act) }) };
}

function actOf(kind: GovernedAct["kind"], args: readonly unknown[]): GovernedAct {
  switch (kind) {
    case "resplit":
      return { kind, tier: args[0] as Hex, auditBps: args[1] as number, burnBps: args[2] as number };
    case "floor":
      return { kind, floor: args[0] as bigint };
    case "appoint":
      return { kind, guardian: args[0] as Address };
    default:
      return { kind };
  }
}

/** The same read back; undefined for a call that does nothing here, since only these are the Timelock's. */
export function governedAct(
  { addresses }: Pick<Reader, "addresses">,
  { target, data }: TimelockCall,
): GovernedAct | undefined {
  for (const kind of Object.keys(HELD) as GovernedAct["kind"][]) {
    const { on, abi, functionName } = HELD[kind];
    if (!isAddressEqual(addresses[on], target)) continue;
    try {
      const decoded = decodeFunctionData({ abi, data });
      if (decoded.functionName === functionName) return actOf(kind, decoded.args ?? []);
    } catch {
      // Calldata that no function of the contract takes.
    }
  }
  return undefined;
}

/** Only its proposer can bring words that end so: nobody else can propose it first, and cancel it. */
const onlyBy = (proposer: Address): string => `#proposer=${proposer.toLowerCase()}`;

/** @param description for people */
export const motionOf = (
  reader: Pick<Reader, "addresses">,
  { act, description, proposer }: { act: GovernedAct; description: string; proposer: Address },
): Motion => ({ calls: [governedCall(reader, act)], description: `${description}\n${onlyBy(proposer)}` });

const STATES = ["pending", "active", "canceled", "defeated", "succeeded", "queued", "expired", "executed"] as const;
export type ProposalState = (typeof STATES)[number];

export type Proposal = Motion & {
  readonly id: bigint;
  readonly proposer: Address;
  readonly state: ProposalState;
  /** unix seconds: the moment whose votes count, the last one of voting, the first of its execution (undefined: not queued) */
  readonly snapshot: number;
  readonly deadline: number;
  readonly executableAt: number | undefined;
  /** in OPG's smallest unit */
  readonly votes: { readonly against: bigint; readonly for: bigint; readonly abstaining: bigint };
  /** votes for and abstaining that it needs; undefined before `snapshot` */
  readonly quorum: bigint | undefined;
};

/** All proposals, newest first. @param fromBlock the first contract's */
export async function readProposals(reader: Reader, fromBlock: bigint): Promise<Proposal[]> {
  const { number: to, timestamp } = await reader.chain.getBlock();
  const events = await readEvents(reader, { from: fromBlock, to }, ["governor"]);
  const created = events.filter(({ name }) => name === "ProposalCreated").reverse();
  return Promise.all(created.map((event) => readProposal(reader, event, { block: to, now: Number(timestamp) })));
}

async function readProposal(
  { chain, addresses }: Reader,
  { args }: ProtocolEvent,
  { block, now }: { block: bigint; now: number },
): Promise<Proposal> {
  const {
    proposalId: id,
    proposer,
    targets,
    values,
    calldatas,
    description,
    voteStart,
  } = args as {
    proposalId: bigint;
    proposer: Address;
    targets: readonly Address[];
    values: readonly bigint[];
    calldatas: readonly Hex[];
    description: string;
    voteStart: bigint;
  };
  const at = { address: addresses.governor, abi: opgGovernorAbi, blockNumber: block } as const;
  const snapshot = Number(voteStart);
  const [state, deadline, eta, [against, inFavour, abstaining], quorum] = await Promise.all([
    chain.readContract({ ...at, functionName: "state", args: [id] }),
    chain.readContract({ ...at, functionName: "proposalDeadline", args: [id] }),
    chain.readContract({ ...at, functionName: "proposalEta", args: [id] }),
    chain.readContract({ ...at, functionName: "proposalVotes", args: [id] }),
    snapshot < now ? chain.readContract({ ...at, functionName: "quorum", args: [voteStart] }) : undefined,
  ]);
  return {
    id,
    proposer,
    calls: targets.map((target, i) => ({ target, value: values[i]!, data: calldatas[i]! })),
    description,
    state: STATES[state]!,
    snapshot,
    deadline: Number(deadline),
    executableAt: eta ? Number(eta) : undefined,
    votes: { against, for: inFavour, abstaining },
    quorum,
  };
}
