import { decodePosition, encodePosition, fromHex, type Position } from "@opengradient/commitments";
import type { DemandState } from "@opengradient/dispute";
import type { Claim, Opening, ProtocolEvent, Request } from "@opengradient/protocol";
import type { Address, Hex } from "viem";
import type { Db } from "./database.ts";
import { eventsAbout } from "./follower.ts";
import { fromJson } from "./json.ts";

/** A request on chain, as its event tells it. */
export type OpenRequest = { readonly requestId: bigint; readonly requester: Address; readonly terms: Request };

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
  /** what was revealed on chain, by position */
  readonly revealed: ReadonlyMap<bigint, Uint8Array>;
  readonly commits: readonly { readonly commitment: Hex; readonly prover: Address; readonly block: number }[];
  /** commitments whose bond was paid back or burnt */
  readonly settled: ReadonlySet<string>;
};

const OPEN_REQUESTS = `SELECT event FROM events r WHERE name = 'Requested' AND NOT EXISTS (
  SELECT 1 FROM events e WHERE e.request = r.request AND e.name IN ('Posted', 'Refunded')) ORDER BY block, position`;

const OPEN_CLAIMS = `SELECT subject FROM events p WHERE name = 'Posted' AND NOT EXISTS (
  SELECT 1 FROM events e WHERE e.subject = p.subject AND e.name IN ('Voided', 'Finalised')) ORDER BY block, position`;

const DISPUTED = `SELECT DISTINCT p.subject FROM events p JOIN events d ON d.subject = p.subject
  WHERE p.name = 'Posted' AND d.name IN ('Demanded', 'Committed')`;

/** Requests that wait for this operator's answer. */
export function openRequests(db: Db, operator: Address, now: number): OpenRequest[] {
  const rows = db.prepare<[], { event: string }>(OPEN_REQUESTS).all();
  return rows
    .map(({ event }) => fromJson<ProtocolEvent>(event).args)
    .filter((args) => sameAddress(args["operator"], operator))
    .map((args) => ({
      requestId: args["requestId"] as bigint,
      requester: args["requester"] as Address,
      terms: args["request"] as Request,
    }))
    .filter(({ terms }) => terms.deadline >= BigInt(now));
}

const digests = (db: Db, query: string): Hex[] =>
  db
    .prepare<[], { subject: Hex }>(query)
    .all()
    .map(({ subject }) => subject);

/** Digests of claims that are not decided, in order. */
export const openClaims = (db: Db): Hex[] => digests(db, OPEN_CLAIMS);

/** Digests of claims, decided or not, of which something was demanded or committed. */
export const disputedClaims = (db: Db): Hex[] => digests(db, DISPUTED);

/** undefined while it was not posted. */
export function claimHistory(db: Db, digest: Hex): ClaimHistory | undefined {
  const events = eventsAbout(db, digest);
  const posted = events.find(({ name }) => name === "Posted");
  if (!posted) return undefined;
  const has = (name: string) => events.some((event) => event.name === name);
  const opened = events.find(({ name }) => name === "Opened");
  const committed = events.filter(({ name }) => name === "Committed");
  const settled = events.filter(({ name }) => name === "BondSettled");
  return {
    digest,
    claim: posted.args["claim"] as Claim,
    windowEnd: Number(posted.args["windowEnd"]),
    status: has("Voided") ? "void" : has("Finalised") ? "final" : "open",
    opening: opened?.args["opening"] as Opening | undefined,
    demands: demandsOf(events),
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

/** A position as part of an intent's id. */
export const positionKey = (position: Position): string => String(encodePosition(position));
