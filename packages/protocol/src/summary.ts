import type { Address, Hex } from "viem";
import type { Request } from "./calls.ts";
import type { Claim } from "./claim.ts";
import type { ProtocolEvent } from "./events.ts";
import type { Parameters } from "./parameters.ts";
import { offering } from "./quote.ts";
import type { Shares } from "./waterfall.ts";

export type ClaimState = "open" | "final" | "void";

/** What events tell of one claim. */
export type ClaimEntry = {
  readonly id: Hex;
  readonly claim: Claim;
  readonly state: ClaimState;
  /** unix seconds, of the post: no answer to a demand moves it */
  readonly windowEnd: number;
  /** demands and commits so far */
  readonly moves: number;
  readonly challenger: Address | undefined;
  readonly shares: Shares | undefined;
  /** everything about it, in order */
  readonly events: readonly ProtocolEvent[];
};

export type RequestState = "waiting" | "answered" | "refunded";

export type RequestEntry = {
  readonly requestId: bigint;
  readonly requester: Address;
  readonly terms: Request;
  readonly state: RequestState;
  /** digest of the claim that answers it */
  readonly claim: Hex | undefined;
};

/** What an operator did so far, by its events. */
export type OperatorRecord = { readonly answers: number; readonly final: number; readonly void: number };

export type Tier = { readonly hash: Hex; readonly parameters: Parameters };

/** All that a page lists, out of the events of one system. */
export type Summary = {
  /** newest first */
  readonly claims: readonly ClaimEntry[];
  /** newest first */
  readonly requests: readonly RequestEntry[];
  /** by lower-case address */
  readonly records: ReadonlyMap<string, OperatorRecord>;
  readonly tiers: readonly Tier[];
  readonly models: readonly Hex[];
  /** who ever offered a model, by its root */
  readonly offering: ReadonlyMap<Hex, readonly Address[]>;
  /** false while older blocks are still being read: then there may be more of everything */
  readonly whole: boolean;
};

/** @param whole whether the events are all that there are */
export function summarise(events: readonly ProtocolEvent[], whole = true): Summary {
  const claims = claimsOf(events);
  const named = (name: string) => events.filter((event) => event.name === name);
  return {
    claims,
    requests: requestsOf(events),
    records: recordsOf(claims),
    tiers: named("TierAdded").map(({ args }) => ({
      hash: args["parametersHash"] as Hex,
      parameters: args["parameters"] as Parameters,
    })),
    models: named("Published").map(({ args }) => args["model"] as Hex),
    offering: offering(events),
    whole,
  };
}

function claimsOf(events: readonly ProtocolEvent[]): ClaimEntry[] {
  const byId = new Map<string, ProtocolEvent[]>();
  for (const event of events) {
    const id = event.args["id"];
    if (typeof id === "string") byId.set(id, [...(byId.get(id) ?? []), event]);
  }
  return [...byId].flatMap(([id, about]) => claimEntry(id as Hex, about) ?? []).reverse();
}

function claimEntry(id: Hex, events: readonly ProtocolEvent[]): ClaimEntry | undefined {
  const find = (name: string) => events.find((event) => event.name === name);
  const posted = find("Posted");
  if (!posted) return undefined;
  const voided = find("Voided");
  return {
    id,
    claim: posted.args["claim"] as Claim,
    state: voided ? "void" : find("Finalised") ? "final" : "open",
    windowEnd: Number(posted.args["windowEnd"]),
    moves: events.filter(({ name }) => name === "Demanded" || name === "Committed").length,
    challenger: voided?.args["challenger"] as Address | undefined,
    shares: voided?.args["shares"] as Shares | undefined,
    events,
  };
}

function requestsOf(events: readonly ProtocolEvent[]): RequestEntry[] {
  const answered = new Map<bigint, Hex>();
  const refunded = new Set<bigint>();
  for (const { name, args } of events) {
    if (name === "Posted") answered.set(args["requestId"] as bigint, args["id"] as Hex);
    if (name === "Refunded") refunded.add(args["requestId"] as bigint);
  }
  return events
    .filter(({ name }) => name === "Requested")
    .map(({ args }) => {
      const requestId = args["requestId"] as bigint;
      const claim = answered.get(requestId);
      const state: RequestState = claim ? "answered" : refunded.has(requestId) ? "refunded" : "waiting";
      return { requestId, requester: args["requester"] as Address, terms: args["request"] as Request, state, claim };
    })
    .reverse();
}

function recordsOf(claims: readonly ClaimEntry[]): Map<string, OperatorRecord> {
  const records = new Map<string, OperatorRecord>();
  for (const { claim, state } of claims) {
    const key = claim.operator.toLowerCase();
    const old = records.get(key) ?? { answers: 0, final: 0, void: 0 };
    records.set(key, {
      answers: old.answers + 1,
      final: old.final + (state === "final" ? 1 : 0),
      void: old.void + (state === "void" ? 1 : 0),
    });
  }
  return records;
}
