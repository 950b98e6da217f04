import { decodePosition, fromHex } from "@opengradient/commitments";
import type { DemandState } from "@opengradient/dispute";
import type { Claim, Opening, ProtocolEvent } from "@opengradient/protocol";
import type { Address, Hex } from "viem";

export type Demand = DemandState & {
  readonly target: Hex;
  readonly demander: Address;
  readonly key: bigint;
  readonly price: bigint;
};

/** Everything that happened to a claim, from its events. */
export type ClaimHistory = {
  readonly digest: Hex;
  readonly claim: Claim;
  readonly windowEnd: number;
  readonly status: "open" | "final" | "void";
  readonly opening: Opening | undefined;
  readonly demands: readonly Demand[];
  /** the answered demand of the opening whose OPG the court still holds */
  readonly held: Demand | undefined;
  /** what was revealed on chain, by position */
  readonly revealed: ReadonlyMap<bigint, Uint8Array>;
  readonly commits: readonly { readonly commitment: Hex; readonly prover: Address; readonly block: number }[];
  /** commitments whose bond was paid back or burnt */
  readonly settled: ReadonlySet<string>;
};

/** A claim's history from the events about it, in order; undefined while it was not posted. */
export function historyOf(digest: Hex, events: readonly ProtocolEvent[]): ClaimHistory | undefined {
  const posted = events.find(({ name }) => name === "Posted");
  if (!posted) return undefined;
  const has = (name: string) => events.some((event) => event.name === name);
  const opened = events.find(({ name }) => name === "Opened");
  const demands = demandsOf(events);
  const committed = events.filter(({ name }) => name === "Committed");
  const settled = events.filter(({ name }) => name === "BondSettled");
  return {
    digest,
    claim: posted.args["claim"] as Claim,
    windowEnd: Number(posted.args["windowEnd"]),
    status: has("Voided") ? "void" : has("Finalised") ? "final" : "open",
    opening: opened?.args["opening"] as Opening | undefined,
    demands,
    held: has("OpeningSettled") ? undefined : demands.find(({ key, state }) => key === 0n && state === "answered"),
    revealed: new Map(
      events
        .filter(({ name }) => name === "Revealed")
        .map(({ args }) => [BigInt(args["position"] as bigint), fromHex(args["data"] as Hex)]),
    ),
    commits: committed.map(({ args, block }) => ({
      commitment: args["commitment"] as Hex,
      prover: args["prover"] as Address,
      block: Number(block),
    })),
    settled: new Set(settled.map(({ args }) => String(args["commitment"]))),
  };
}

function demandsOf(events: readonly ProtocolEvent[]): Demand[] {
  const keyOf = (args: ProtocolEvent["args"]): string => `${args["position"]}/${args["target"]}`;
  const ended = new Map<string, "answered" | "expired" | "moot">();
  for (const { name, args } of events) {
    if (name === "Opened") ended.set(`0/${ZERO}`, "answered");
    if (name === "Revealed") ended.set(keyOf(args), "answered");
    if (name === "Expired") ended.set(keyOf(args), "expired");
    if (name === "Reclaimed") ended.set(keyOf(args), "moot");
  }
  return events
    .filter(({ name }) => name === "Demanded")
    .map(({ args }) => {
      const key = BigInt(args["position"] as bigint);
      return {
        position: decodePosition(key),
        key,
        state: ended.get(keyOf(args)) ?? "asked",
        due: Number(args["due"]),
        target: args["target"] as Hex,
        demander: args["demander"] as Address,
        price: args["price"] as bigint,
      };
    });
}

const ZERO = `0x${"0".repeat(64)}`;

export const sameAddress = (a: unknown, b: unknown): boolean => String(a).toLowerCase() === String(b).toLowerCase();
