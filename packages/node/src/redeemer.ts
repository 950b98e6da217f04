import { calls, encodeCall, type Parties, type Reader } from "@opengradient/protocol";
import { type Address, type Hex, keccak256 } from "viem";
import type { Db } from "./database.ts";
import { enqueue } from "./enqueue.ts";
import { eventsAbout, type Head } from "./follower.ts";
import { fromJson } from "./json.ts";
import type { Log } from "./log.ts";
import type { Outbox } from "./outbox.ts";

/** Turns vouchers into OPG. */
export type Redeemer = { tick(head: Head): void };

export type RedeemerOptions = {
  readonly db: Db;
  readonly reader: Reader;
  readonly owner: Address;
  readonly outbox: Outbox;
  /** seconds from setting a channel's end to reaching it, at least */
  readonly thaw: number;
  /** OPG that are worth the gas, all channels together */
  readonly least: bigint;
  /** seconds that a voucher waits at most */
  readonly seconds: number;
  readonly log: Log;
};

/** What a signer owes in one lane, all told; OPG of it, and how much of these were sent to be redeemed. */
export type Lane = {
  readonly channel: Hex;
  readonly modelRoot: Hex;
  readonly parameters: Hex;
  readonly parties: Parties;
  readonly unit: Hex;
  readonly price: bigint;
  /** in the unit */
  readonly cumulative: bigint;
  readonly signature: Hex;
  readonly owed: bigint;
  readonly redeemed: bigint;
  /** unix seconds of the first voucher that was not */
  readonly since: number;
};

type LaneRow = {
  channel: Hex;
  model: Hex;
  parameters: Hex;
  parties: string;
  unit: Hex;
  price: string;
  cumulative: string;
  signature: Hex;
  owed: string;
  redeemed: string;
  since: number;
};

const readLane = ({ model, parties, price, cumulative, owed, redeemed, ...row }: LaneRow): Lane => ({
  ...row,
  modelRoot: model,
  parties: fromJson<Parties>(parties),
  price: BigInt(price),
  cumulative: BigInt(cumulative),
  owed: BigInt(owed),
  redeemed: BigInt(redeemed),
});

/** Lanes of one channel. */
export const lanesOf = (db: Db, channel: Hex): Lane[] =>
  db.prepare<[string], LaneRow>("SELECT * FROM lanes WHERE channel = ?").all(channel).map(readLane);

/** Vouchers of one transaction; each takes about 30,000 gas. */
const AT_ONCE = 64;

export function openRedeemer({ db, reader, owner, outbox, thaw, least, seconds, log }: RedeemerOptions): Redeemer {
  // Neighbours of one model and tier are shared out as one fee.
  const due = db.prepare<[], LaneRow>("SELECT * FROM lanes WHERE redeemed <> owed ORDER BY model, parameters, channel");
  const sent = db.prepare(
    "UPDATE lanes SET redeemed = owed WHERE channel = ? AND model = ? AND parameters = ? AND unit = ? AND price = ?",
  );

  const closesAt = (channel: Hex): number =>
    Number(eventsAbout(db, channel).findLast(({ name }) => name === "ClosesAt")?.args["closesAt"] ?? 0);

  const redeem = db.transaction((lanes: readonly Lane[]) => {
    const redemptions = lanes.map(({ parties, modelRoot, parameters, unit, price, cumulative, signature }) => ({
      parties,
      modelRoot,
      parameters,
      unit,
      price,
      cumulative,
      signature,
    }));
    const call = calls.redeem(reader.addresses, { operator: owner, redemptions });
    const id = `redeem:${keccak256(encodeCall(call))}`;
    enqueue(outbox, id, call);
    for (const { channel, modelRoot, parameters, unit, price } of lanes)
      sent.run(channel, modelRoot, parameters, unit, String(price));
    log.info({ id, vouchers: lanes.length }, "redeem");
  });

  return {
    tick({ time: now }) {
      const open = due
        .all()
        .map(readLane)
        .map((lane) => ({ lane, end: closesAt(lane.channel) }))
        .filter(({ end }) => end >= now);
      const owed = open.reduce((sum, { lane }) => sum + lane.owed - lane.redeemed, 0n);
      const ripe = owed >= least || open.some(({ lane }) => now - lane.since >= seconds);
      // Once its end is less than a thaw away nothing more is sold over a channel: what it owes is taken before the end.
      const wanted = open.filter(({ end }) => ripe || end <= now + thaw).map(({ lane }) => lane);
      for (let at = 0; at < wanted.length; at += AT_ONCE) redeem(wanted.slice(at, at + AT_ONCE));
    },
  };
}
