import type { Claim, Parameters, ProtocolEvent, Request } from "@opengradient/protocol";
import type { Address, Hex } from "viem";
import type { Db } from "./database.ts";
import { eventsAbout } from "./follower.ts";
import { type ClaimHistory, historyOf } from "./history.ts";
import { fromJson } from "./json.ts";

/** A request on chain, as its event tells it. */
export type OpenRequest = {
  readonly requestId: bigint;
  readonly requester: Address;
  readonly terms: Request;
  readonly block: bigint;
};

const OPEN_REQUESTS = `SELECT event FROM events r WHERE name = 'Requested' AND NOT EXISTS (
  SELECT 1 FROM events e WHERE e.request = r.request AND e.name IN ('Posted', 'Refunded')) ORDER BY block, position`;

const OPEN_CLAIMS = `SELECT subject FROM events p WHERE name = 'Posted' AND NOT EXISTS (
  SELECT 1 FROM events e WHERE e.subject = p.subject AND e.name IN ('Voided', 'Finalised')) ORDER BY block, position`;

const DISPUTED = `SELECT DISTINCT p.subject FROM events p JOIN events d ON d.subject = p.subject
  WHERE p.name = 'Posted' AND d.name IN ('Demanded', 'Committed')`;

const WITHSTOOD = `SELECT DISTINCT f.subject FROM events f JOIN events d ON d.subject = f.subject
  WHERE f.name = 'Finalised' AND d.name = 'Demanded'`;

const eventsOf = (db: Db, query: string, ...bound: readonly string[]): ProtocolEvent[] =>
  db
    .prepare<string[], { event: string }>(query)
    .all(...bound)
    .map(({ event }) => fromJson<ProtocolEvent>(event));

const argsOf = (db: Db, query: string): ProtocolEvent["args"][] => eventsOf(db, query).map(({ args }) => args);

const requestIn = ({ args, block }: ProtocolEvent): OpenRequest => ({
  requestId: args["requestId"] as bigint,
  requester: args["requester"] as Address,
  terms: args["request"] as Request,
  block,
});

/** Requests that wait for an answer, whoever is to give it. */
export const openRequests = (db: Db, now: number): OpenRequest[] =>
  eventsOf(db, OPEN_REQUESTS)
    .map(requestIn)
    .filter(({ terms }) => terms.deadline >= BigInt(now));

/** A request by its number, answered or not; undefined for a claim that no request on chain asked for. */
export const requestOf = (db: Db, requestId: bigint): OpenRequest | undefined =>
  eventsOf(db, "SELECT event FROM events WHERE name = 'Requested' AND request = ?", String(requestId)).map(
    requestIn,
  )[0];

/** Claims that are undecided, or whose window ended no longer ago than `keep` seconds. */
export function lateClaims(db: Db, now: number, keep: number): Claim[] {
  const open = new Set(openClaims(db));
  return argsOf(db, "SELECT event FROM events WHERE name = 'Posted'")
    .filter((args) => open.has(args["id"] as Hex) || Number(args["windowEnd"]) + keep >= now)
    .map((args) => args["claim"] as Claim);
}

/** Inputs of claims that were found false and are on their way to court. */
export const accusedInputs = (db: Db): Hex[] =>
  db
    .prepare<[], { input: Hex }>("SELECT json_extract(receipt, '$.claim.input') AS input FROM accused")
    .all()
    .map(({ input }) => input);

/** Clocks and bounds of a tier by its hash; undefined where the Market has none. */
export const tierOf = (db: Db, hash: Hex): Parameters | undefined =>
  argsOf(db, "SELECT event FROM events WHERE name = 'TierAdded'").find((args) => args["parametersHash"] === hash)?.[
    "parameters"
  ] as Parameters | undefined;

const digests = (db: Db, query: string): Hex[] =>
  db
    .prepare<[], { subject: Hex }>(query)
    .all()
    .map(({ subject }) => subject);

/** Digests of claims that are not decided, in order. */
export const openClaims = (db: Db): Hex[] => digests(db, OPEN_CLAIMS);

/** Digests of claims, decided or not, of which something was demanded or committed. */
export const disputedClaims = (db: Db): Hex[] => digests(db, DISPUTED);

/** Digests of claims that became final although something was demanded of them. */
export const withstoodClaims = (db: Db): Hex[] => digests(db, WITHSTOOD);

/** undefined while it was not posted. */
export const claimHistory = (db: Db, digest: Hex): ClaimHistory | undefined =>
  historyOf(digest, eventsAbout(db, digest));
