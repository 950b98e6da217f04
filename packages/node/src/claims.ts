import { encodePosition, type Position } from "@opengradient/commitments";
import type { ProtocolEvent, Request } from "@opengradient/protocol";
import type { Address, Hex } from "viem";
import type { Db } from "./database.ts";
import { eventsAbout } from "./follower.ts";
import { type ClaimHistory, historyOf, sameAddress } from "./history.ts";
import { fromJson } from "./json.ts";

/** A request on chain, as its event tells it. */
export type OpenRequest = { readonly requestId: bigint; readonly requester: Address; readonly terms: Request };

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
export const claimHistory = (db: Db, digest: Hex): ClaimHistory | undefined =>
  historyOf(digest, eventsAbout(db, digest));

/** A position as part of an intent's id. */
export const positionKey = (position: Position): string => String(encodePosition(position));
