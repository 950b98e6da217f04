import { marketAbi, newWorkAbi } from "@opengradient/bindings";
import type { Address, Hex } from "viem";
import type { Reader } from "./client.ts";
import { protocolError } from "./errors.ts";
import { type ProtocolEvent, readEvents } from "./events.ts";

export type Pause = {
  readonly by: Address;
  /** unix seconds; `until` is the last one of it */
  readonly from: number;
  readonly until: number;
  /** who ended it early */
  readonly resumedBy: Address | undefined;
};

/** What new work is stopped, and who may stop it: docs/governance.md. */
export type NewWork = {
  /** unix seconds of the block that was read */
  readonly now: number;
  readonly guardian: { readonly account: Address; readonly aliveUntil: number; readonly spent: boolean };
  /** the last one, over or not */
  readonly pause: Pause | undefined;
  /** unix seconds: nobody can pause before */
  readonly nextPause: number;
  /** tiers that a vote moved new work away from, and since when */
  readonly closed: readonly { readonly tier: Hex; readonly at: number }[];
  /** seconds after a stop in which batches of what was signed before it are still taken */
  readonly batchGrace: number;
};

/** Whether new work is stopped now. */
export const isPaused = ({ pause, now }: NewWork): boolean => pause !== undefined && now <= pause.until;

/** @param fromBlock the first contract's */
export async function readNewWork(reader: Reader, fromBlock: bigint): Promise<NewWork> {
  const { chain, addresses } = reader;
  const { number: to, timestamp } = await chain.getBlock();
  const at = { address: addresses.newWork, abi: newWorkAbi, blockNumber: to } as const;
  const [guardian, [from, until], rest, batchGrace, events] = await Promise.all([
    chain.readContract({ ...at, functionName: "guardian" }),
    chain.readContract({ ...at, functionName: "lastPause" }),
    chain.readContract({ ...at, functionName: "REST" }),
    chain.readContract({ address: addresses.market, abi: marketAbi, functionName: "POST_AHEAD" }),
    readEvents(reader, { from: fromBlock, to }, ["newWork"]),
  ]);
  const tiers = new Set(events.filter(({ name }) => name === "TierClosed").map(tierOf));
  const closed = await Promise.all(
    [...tiers].map(async (tier) => ({
      tier,
      at: Number(await chain.readContract({ ...at, functionName: "closedAt", args: [tier] })),
    })),
  );
  return {
    now: Number(timestamp),
    guardian: { ...guardian, aliveUntil: Number(guardian.aliveUntil) },
    pause: pauseOf(events, { from: Number(from), until: Number(until) }),
    nextPause: until ? Number(until) + Number(rest) : 0,
    closed: closed.filter((one) => one.at),
    batchGrace: Number(batchGrace),
  };
}

/**
 * That new work of a tier is taken: a claim that is signed while it is not may never get into a batch.
 * @throws ProtocolError that says until when it is paused, or since when the tier is closed
 */
export async function expectNewWork({ chain, addresses }: Reader, parameters: Hex): Promise<void> {
  const at = { address: addresses.newWork, abi: newWorkAbi } as const;
  await chain.readContract({ ...at, functionName: "check", args: [parameters, 0n] }).catch((error: unknown) => {
    throw protocolError(error, "new work");
  });
}

const tierOf = ({ args }: ProtocolEvent): Hex => args["parametersHash"] as Hex;

function pauseOf(events: readonly ProtocolEvent[], times: { from: number; until: number }): Pause | undefined {
  const begun = events.findLastIndex(({ name }) => name === "Paused");
  const by = events[begun]?.args["by"] as Address | undefined;
  if (by === undefined) return undefined;
  const ended = events.slice(begun).find(({ name }) => name === "Resumed");
  return { ...times, by, resumedBy: ended?.args["by"] as Address | undefined };
}
