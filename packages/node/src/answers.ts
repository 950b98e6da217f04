import type { Claim } from "@opengradient/protocol";
import type { Hex } from "viem";
import type { Db } from "./database.ts";
import { fromJson, toJson } from "./json.ts";

/** A claim of ours, on disk before it is signed, so that a restart signs the same one. */
export type Answer = {
  readonly requestId: bigint;
  readonly digest: Hex;
  readonly claim: Claim;
  readonly deadline: bigint;
  readonly signature: Hex | undefined;
};

export type Answers = {
  insert(answer: Omit<Answer, "signature">): void;
  sign(requestId: bigint, signature: Hex): void;
  byRequest(requestId: bigint): Answer | undefined;
  byDigest(digest: Hex): Answer | undefined;
  /** Answers that stand on chain undecided, or may still get there. */
  undecided(now: number): readonly Answer[];
};

type Row = { requestId: string; answer: string; signature: Hex | null };

/** Seconds after its last moment in which a post may be mined already and not be seen at the follower's depth. */
const UNSEEN = 3_600n;

const UNDECIDED = `SELECT a.*, EXISTS (SELECT 1 FROM events e WHERE e.subject = a.digest AND e.name = 'Posted') AS posted
  FROM answers a WHERE NOT EXISTS (
  SELECT 1 FROM events e WHERE e.subject = a.digest AND e.name IN ('Voided', 'Finalised'))`;

export function answerTable(db: Db): Answers {
  const insert = db.prepare("INSERT INTO answers (requestId, digest, answer) VALUES (?, ?, ?)");
  const sign = db.prepare("UPDATE answers SET signature = ? WHERE requestId = ?");
  const byRequest = db.prepare<[string], Row>("SELECT * FROM answers WHERE requestId = ?");
  const byDigest = db.prepare<[string], Row>("SELECT * FROM answers WHERE digest = ?");
  const undecided = db.prepare<[], Row & { posted: 0 | 1 }>(UNDECIDED);
  const read = (row: Row): Answer => ({
    ...fromJson<Omit<Answer, "signature">>(row.answer),
    signature: row.signature ?? undefined,
  });
  const found = (row: Row | undefined): Answer | undefined => row && read(row);
  return {
    insert: (answer) => void insert.run(String(answer.requestId), answer.digest, toJson(answer)),
    sign: (requestId, signature) => void sign.run(signature, String(requestId)),
    byRequest: (requestId) => found(byRequest.get(String(requestId))),
    byDigest: (digest) => found(byDigest.get(digest)),
    undecided: (now) =>
      undecided
        .all()
        .map((row) => ({ posted: row.posted === 1, answer: read(row) }))
        .filter(({ posted, answer }) => posted || answer.claim.postBy + UNSEEN >= BigInt(now))
        .map(({ answer }) => answer),
  };
}
