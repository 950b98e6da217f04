import { type ProtocolEvent, type Reader, readEvents } from "@opengradient/protocol";
import type { Db } from "./database.ts";
import { fromJson, toJson } from "./json.ts";

/** The chain as a tick sees it. */
export type Head = { readonly number: bigint; readonly time: number; readonly baseFee: bigint };

export type Follower = {
  /** Reads what is new down to the configured depth, and takes back what a reorganisation took back. */
  tick(): Promise<Head>;
};

export type FollowerOptions = {
  readonly db: Db;
  readonly reader: Reader;
  /** first block of interest */
  readonly from: number;
  /** blocks on top of an event before it is believed */
  readonly depth: number;
};

const MOST_BLOCKS = 2_000n;
/** Blocks of which cursors are kept; after a reorganisation deeper than that everything is read again. */
const REMEMBERED = 512n;

/** All state that comes from the chain is a function of the `events` table, so that deleting rows undoes it. */
export function openFollower({ db, reader, from, depth }: FollowerOptions): Follower {
  const last = db.prepare<[], { number: number; hash: string }>("SELECT * FROM blocks ORDER BY number DESC LIMIT 1");
  const insertEvent = db.prepare(
    "INSERT OR REPLACE INTO events (block, position, name, subject, request, event) VALUES (?,?,?,?,?,?)",
  );
  const insertBlock = db.prepare("INSERT OR REPLACE INTO blocks (number, hash) VALUES (?, ?)");
  const forgetBlock = db.prepare("DELETE FROM blocks WHERE number = ?");
  const forgetOld = db.prepare("DELETE FROM blocks WHERE number < ?");
  const forgetEvents = db.prepare("DELETE FROM events WHERE block > ?");

  /** The last block that was read and still is in the chain; the one before `from` if none is. */
  async function commonAncestor(): Promise<bigint> {
    for (let cursor = last.get(); cursor; cursor = last.get()) {
      const number = BigInt(cursor.number);
      const block = await reader.chain.getBlock({ blockNumber: number }).catch(missing);
      if (block?.hash === cursor.hash) return number;
      forgetBlock.run(number);
    }
    return BigInt(from) - 1n;
  }

  async function readTo(after: bigint, to: bigint): Promise<void> {
    const { hash } = await reader.chain.getBlock({ blockNumber: to });
    const events = await readEvents(reader, { from: after + 1n, to });
    db.transaction(() => {
      for (const event of events) {
        const request = answeredBy(event);
        const { block, logIndex, name } = event;
        insertEvent.run(block, logIndex, name, subjectOf(event), request, toJson(event));
      }
      insertBlock.run(to, hash);
      forgetOld.run(to - REMEMBERED);
    })();
  }

  return {
    async tick() {
      const head = await reader.chain.getBlock();
      const ancestor = await commonAncestor();
      forgetEvents.run(ancestor);
      const target = head.number - BigInt(depth);
      for (let at = ancestor; at < target; ) {
        const to = at + MOST_BLOCKS < target ? at + MOST_BLOCKS : target;
        await readTo(at, to);
        at = to;
      }
      return { number: head.number, time: Number(head.timestamp), baseFee: head.baseFeePerGas ?? 0n };
    },
  };
}

const missing = (error: unknown): undefined => {
  if ((error as { name?: string }).name === "BlockNotFoundError") return undefined;
  throw error;
};

/** What an event is about: a claim, a request, a batch, a channel, an operator, a model. */
const SUBJECTS = ["id", "requestId", "batch", "channel", "operator", "model", "draft"];

const subjectOf = ({ args }: ProtocolEvent): string =>
  String(args[SUBJECTS.find((name) => args[name] !== undefined) ?? ""] ?? "").toLowerCase();

/** By what else an event is found: the request of an answer, the root of a batch. */
function answeredBy({ args }: ProtocolEvent): string | null {
  const found = args["requestId"] ?? (args["terms"] as { root?: string } | undefined)?.root;
  return found === undefined ? null : String(found);
}

/** All events about one subject, in order. */
export const eventsAbout = (db: Db, subject: string): ProtocolEvent[] =>
  db
    .prepare<[string], { event: string }>("SELECT event FROM events WHERE subject = ? ORDER BY block, position")
    .all(subject.toLowerCase())
    .map(({ event }) => fromJson<ProtocolEvent>(event));
