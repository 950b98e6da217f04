import {
  type Batch,
  charge,
  type Order,
  type ProtocolEvent,
  sumLeaf,
  sumRoot,
  sumTree,
  voucherOf,
} from "@opengradient/protocol";
import type { Address, Hex } from "viem";
import { type Answer, type AnswerRow, readAnswer, type Unsigned } from "./answers.ts";
import type { Db } from "./database.ts";
import { sameAddress } from "./history.ts";
import { fromJson, toJson } from "./json.ts";

/** A batch as it was made, before it was posted. */
export type MadeBatch = Omit<Batch, "operator" | "postedAt"> & {
  /** unix seconds: posted later it would hold no claim */
  readonly postBy: number;
};

/** Claims of one model and tier. */
export type Amount = { readonly model: Hex; readonly parameters: Hex; readonly claims: number };

/** Answers that vouchers bought, and the batches that they are posted in. */
export type Sold = {
  /** Keeps an answer and its voucher in one commit: nothing is sold that is not paid, nothing paid that is not sold. */
  keep(order: Order, answer: Unsigned, now: number): void;
  unsigned(): readonly Answer[];
  /** Makes batches of what waits, where one is full or its first claim has waited long enough. No claim gets into two. */
  makeBatches(terms: { now: number; size: number; seconds: number }): readonly MadeBatch[];
  /** batches that may still be posted */
  postable(now: number): readonly MadeBatch[];
  /** the batch that a claim was put in, and where */
  placeOf(digest: Hex): { readonly root: Hex; readonly index: number } | undefined;
  /** signed claims of a batch in order */
  members(root: Hex): readonly Answer[];
  /** what may still be disputed */
  live(now: number): readonly Amount[];
  /** inputs and outputs of it, and of what was sold less than `keep` seconds ago */
  wanted(now: number, keep: number): readonly Hex[];
  /** coverage that is signed and not yet locked on chain */
  promised(now: number): bigint;
};

/** A holder may lodge a claim for a day after its postBy; an hour more until that is seen. */
const LODGED_AFTER = 25 * 3600;

/** Of the events, so that a reorganisation is followed: batches of any operator that are not released. */
const UNRELEASED = `SELECT p.event, p.request FROM events p WHERE p.name = 'BatchPosted' AND NOT EXISTS (
  SELECT 1 FROM events r WHERE r.subject = p.subject AND r.name = 'Released')`;

const LIVE = `(batch IS NULL AND postBy >= @since)
  OR batch IN (SELECT root FROM batches WHERE postBy >= @since)
  OR batch IN (SELECT request FROM (${UNRELEASED}))
  OR digest IN (SELECT subject FROM events p WHERE name = 'Posted' AND NOT EXISTS (
    SELECT 1 FROM events e WHERE e.subject = p.subject AND e.name IN ('Voided', 'Finalised')))`;

/** Signed or about to be, and not in a batch of its operator that was seen on chain: anybody may post its root. */
const PROMISED = `SELECT answer, signature FROM sold WHERE postBy >= ? AND NOT EXISTS (
  SELECT 1 FROM events e WHERE e.request = batch AND e.name = 'BatchPosted'
    AND lower(json_extract(e.event, '$.args.operator')) = lower(json_extract(answer, '$.claim.operator')))`;

export type PostedBatch = { readonly id: Hex; readonly batch: Batch; readonly windowEnd: number };

const readPosted = (event: string): PostedBatch => {
  const { args } = fromJson<ProtocolEvent>(event);
  const terms = args["terms"] as Batch;
  return {
    id: args["batch"] as Hex,
    batch: { ...terms, postedAt: Number(terms.postedAt) },
    windowEnd: Number(args["windowEnd"]),
  };
};

/** Batches on chain that are not released, whoever posted them. */
export const unreleased = (db: Db): PostedBatch[] =>
  db
    .prepare<[], { event: string }>(UNRELEASED)
    .all()
    .map(({ event }) => readPosted(event));

/** The batch with this root as it was posted; undefined while it was not. */
export function postedBatch(db: Db, root: Hex, operator: Address): PostedBatch | undefined {
  const rows = db.prepare<[string], { event: string }>(
    "SELECT event FROM events WHERE request = ? AND name = 'BatchPosted'",
  );
  return rows
    .all(root)
    .map(({ event }) => readPosted(event))
    .find(({ batch }) => sameAddress(batch.operator, operator));
}

type BatchRow = Omit<MadeBatch, "coverage"> & { coverage: string };
const made = (row: BatchRow): MadeBatch => ({ ...row, coverage: BigInt(row.coverage) });

export function soldTable(db: Db): Sold {
  const insert = db.prepare(
    "INSERT INTO sold (requestId, digest, answer, model, parameters, soldAt, postBy) VALUES (?,?,?,?,?,?,?)",
  );
  const lane = db.prepare(
    `INSERT INTO lanes (channel, model, parameters, parties, unit, price, cumulative, signature, owed, redeemed, since)
     VALUES (?,?,?,?,?,?,?,?,?,?,?)
     ON CONFLICT DO UPDATE SET cumulative = excluded.cumulative, signature = excluded.signature, owed = excluded.owed,
       since = CASE WHEN redeemed = owed THEN excluded.since ELSE since END`,
  );
  const unsigned = db.prepare<[], AnswerRow>(
    "SELECT answer, signature FROM sold WHERE batch IS NULL AND signature IS NULL",
  );
  const waiting = db.prepare<[number], AnswerRow & { soldAt: number }>(
    `SELECT answer, signature, soldAt FROM sold WHERE batch IS NULL AND signature IS NOT NULL AND postBy > ?
     ORDER BY soldAt, requestId`,
  );
  const insertBatch = db.prepare("INSERT INTO batches (root, coverage, count, parameters, postBy) VALUES (?,?,?,?,?)");
  const put = db.prepare("UPDATE sold SET batch = ?, place = ? WHERE requestId = ? AND batch IS NULL");
  const postable = db.prepare<[number], BatchRow>("SELECT * FROM batches WHERE postBy >= ? ORDER BY postBy");
  const place = db.prepare<[string], { batch: Hex; place: number }>(
    "SELECT batch, place FROM sold WHERE digest = ? AND batch IS NOT NULL",
  );
  const members = db.prepare<[string], AnswerRow>("SELECT answer, signature FROM sold WHERE batch = ? ORDER BY place");
  const live = db.prepare<[{ since: number }], Amount>(
    `SELECT model, parameters, count(*) AS claims FROM sold WHERE ${LIVE} GROUP BY model, parameters`,
  );
  const wanted = db.prepare<[{ since: number; kept: number }], { input: Hex; output: Hex }>(
    `SELECT json_extract(answer, '$.claim.input') AS input, json_extract(answer, '$.claim.output') AS output
     FROM sold WHERE soldAt >= @kept OR ${LIVE}`,
  );
  const promised = db.prepare<[number], AnswerRow>(PROMISED);

  const makeBatch = (claims: readonly Answer[]): MadeBatch => {
    const { hash: root, sum: coverage } = sumRoot(sumTree(claims.map(({ digest, claim }) => sumLeaf(digest, claim))));
    const { parameters } = claims[0]!.claim;
    const postBy = Math.min(...claims.map(({ claim }) => Number(claim.postBy)));
    insertBatch.run(root, String(coverage), claims.length, parameters, postBy);
    for (const [i, { requestId }] of claims.entries())
      if (put.run(root, i, String(requestId)).changes !== 1)
        throw new Error(`claim of request ${requestId} is in a batch already`);
    return { root, coverage, count: claims.length, parameters, postBy };
  };

  return {
    keep: db.transaction((order: Order, answer: Unsigned, now: number) => {
      const { channel, modelRoot, parameters, unit, price, cumulative } = voucherOf(order);
      const owed = charge(cumulative, price);
      lane.run(
        channel,
        modelRoot,
        parameters,
        toJson(order.parties),
        unit,
        String(price),
        String(cumulative),
        order.signature,
        String(owed),
        String(owed - answer.claim.fee),
        now,
      );
      const { requestId, digest, claim } = answer;
      insert.run(String(requestId), digest, toJson(answer), modelRoot, parameters, now, Number(claim.postBy));
    }),
    unsigned: () => unsigned.all().map(readAnswer),
    makeBatches: db.transaction(({ now, size, seconds }) => {
      const byTier = Map.groupBy(waiting.all(now), (row) => readAnswer(row).claim.parameters);
      return [...byTier.values()].flatMap((rows) => {
        const late = now - rows[0]!.soldAt >= seconds;
        const parts = Array.from({ length: Math.ceil(rows.length / size) }, (_, i) =>
          rows.slice(size * i, size * (i + 1)),
        );
        return parts.filter((part) => late || part.length === size).map((part) => makeBatch(part.map(readAnswer)));
      });
    }),
    postable: (now) => postable.all(now).map(made),
    placeOf(digest) {
      const found = place.get(digest);
      return found && { root: found.batch, index: found.place };
    },
    members: (root) => members.all(root).map(readAnswer),
    live: (now) => live.all({ since: now - LODGED_AFTER }),
    wanted: (now, keep) =>
      wanted.all({ since: now - LODGED_AFTER, kept: now - keep }).flatMap(({ input, output }) => [input, output]),
    promised: (now) => promised.all(now).reduce((sum, row) => sum + readAnswer(row).claim.coverage, 0n),
  };
}
