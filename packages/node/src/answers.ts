import type { Claim } from "@opengradient/protocol";
import type { Hex } from "viem";
import type { Db } from "./database.ts";
import { fromJson, toJson } from "./json.ts";

/** A claim of ours, for a request on chain or (table `sold`) for a voucher, on disk before it is signed, so that a restart signs the same one. */
export type Answer = {
  readonly requestId: bigint;
  readonly digest: Hex;
  readonly claim: Claim;
  readonly deadline: bigint;
  readonly signature: Hex | undefined;
};

/** Before it is signed. */
export type Unsigned = Omit<Answer, "signature">;

export type Answers = {
  /** of a request on chain */
  insert(answer: Unsigned): void;
  sign(requestId: bigint, signature: Hex): void;
  byRequest(requestId: bigint): Answer | undefined;
  byDigest(digest: Hex): Answer | undefined;
  /** Answers to requests on chain that stand there undecided, or may still get there. */
  undecided(now: number): readonly Answer[];
  /** coverage of those of them that were not seen on chain yet */
  promised(now: number): bigint;
};

export type AnswerRow = { answer: string; signature: Hex | null };

export const readAnswer = ({ answer, signature }: AnswerRow): Answer => ({
  ...fromJson<Unsigned>(answer),
  signature: signature ?? undefined,
});

/** Seconds after its last moment in which a post may be mined already and not be seen at the follower's depth. */
const UNSEEN = 3_600n;

const UNDECIDED = `SELECT a.*, EXISTS (SELECT 1 FROM events e WHERE e.subject = a.digest AND e.name = 'Posted') AS posted
  FROM answers a WHERE NOT EXISTS (
  SELECT 1 FROM events e WHERE e.subject = a.digest AND e.name IN ('Voided', 'Finalised'))`;

const both = (column: "requestId" | "digest"): string =>
  ["answers", "sold"]
    .map((table) => `SELECT answer, signature FROM ${table} WHERE ${column} = @key`)
    .join(" UNION ALL ");

export function answerTable(db: Db): Answers {
  const insert = db.prepare("INSERT INTO answers (requestId, digest, answer) VALUES (?, ?, ?)");
  const signs = ["answers", "sold"].map((table) => db.prepare(`UPDATE ${table} SET signature = ? WHERE requestId = ?`));
  const byRequest = db.prepare<[{ key: string }], AnswerRow>(both("requestId"));
  const byDigest = db.prepare<[{ key: string }], AnswerRow>(both("digest"));
  const rows = db.prepare<[], AnswerRow & { posted: 0 | 1 }>(UNDECIDED);
  const found = (row: AnswerRow | undefined): Answer | undefined => row && readAnswer(row);
  const undecided = (now: number): { posted: boolean; answer: Answer }[] =>
    rows
      .all()
      .map((row) => ({ posted: row.posted === 1, answer: readAnswer(row) }))
      .filter(({ posted, answer }) => posted || answer.claim.postBy + UNSEEN >= BigInt(now));
  return {
    insert: (answer) => void insert.run(String(answer.requestId), answer.digest, toJson(answer)),
    sign(requestId, signature) {
      for (const sign of signs) sign.run(signature, String(requestId));
    },
    byRequest: (requestId) => found(byRequest.get({ key: String(requestId) })),
    byDigest: (digest) => found(byDigest.get({ key: digest })),
    undecided: (now) => undecided(now).map(({ answer }) => answer),
    promised: (now) =>
      undecided(now)
        .filter(({ posted }) => !posted)
        .reduce((sum, { answer }) => sum + answer.claim.coverage, 0n),
  };
}
