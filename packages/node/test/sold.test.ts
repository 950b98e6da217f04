import {
  type Claim,
  claimDigest,
  type Order,
  type ProtocolEvent,
  sumLeaf,
  sumPath,
  sumRoot,
  sumTree,
} from "@opengradient/protocol";
import { type Address, type Hex, keccak256, numberToHex } from "viem";
import { expect, test } from "vitest";
import { answerTable } from "../src/answers.ts";
import { openDatabase } from "../src/database.ts";
import { toJson } from "../src/json.ts";
import { lanesOf } from "../src/redeemer.ts";
import { soldTable } from "../src/sold.ts";

const address = (byte: string) => `0x${byte.repeat(20)}` as const;
const hash = (byte: string) => `0x${byte.repeat(32)}` as const;
const domain = { chainId: 31_337, market: address("0d") };
const HOUR = 3600;

/** The n-th answer of a lane, of one fee each. */
function answerOf(n: number, parameters = hash("04")) {
  const requestId = (1n << 64n) + BigInt(n);
  const claim: Claim = {
    modelRoot: hash("03"),
    input: keccak256(numberToHex(n)),
    output: hash("06"),
    operator: address("02"),
    requester: address("01"),
    requestId,
    fee: 1n,
    coverage: 10n,
    level: 3,
    parameters,
    postBy: BigInt(1_000 + n + 12 * HOUR),
  };
  const parties = { requester: address("01"), operator: address("02"), signer: address("07") };
  const order: Order = {
    parties,
    modelRoot: hash("03"),
    parameters,
    cumulative: BigInt(n),
    signature: "0x11",
    coverage: 10n,
  };
  return { order, answer: { requestId, digest: claimDigest(domain, claim), claim, deadline: claim.postBy } };
}

function shop() {
  const db = openDatabase(":memory:");
  const [answers, sold] = [answerTable(db), soldTable(db)];
  const sell = (n: number, parameters = hash("04")) => {
    const { order, answer } = answerOf(n, parameters);
    sold.keep(order, answer, 1_000 + n);
    return answer;
  };
  const sign = (n: number) => answers.sign((1n << 64n) + BigInt(n), `0x${"22".repeat(65)}`);
  let block = 0;
  const event = (name: string, subject: string, request: string | null, args: object) =>
    db
      .prepare("INSERT INTO events (block, position, name, subject, request, event) VALUES (?,?,?,?,?,?)")
      .run(++block, 0, name, subject, request, toJson({ name, args } as ProtocolEvent));
  return { db, answers, sold, sell, sign, event };
}

test("an answer and its voucher are kept together, once", () => {
  const { db, answers, sold, sell, sign } = shop();
  const first = sell(1);
  expect(() => sell(1)).toThrow(/UNIQUE/);
  sell(3);
  const [lane] = lanesOf(db, db.prepare<[], { channel: `0x${string}` }>("SELECT channel FROM lanes").get()!.channel);
  expect(lane).toMatchObject({ cumulative: 3n, redeemed: 0n, since: 1_001 });
  expect(answers.byRequest(first.requestId)).toEqual({ ...first, signature: undefined });
  expect(sold.unsigned()).toHaveLength(2);
  sign(1);
  expect(answers.byDigest(first.digest)?.signature).toBe(`0x${"22".repeat(65)}`);
  expect(sold.unsigned()).toHaveLength(1);
  expect(answers.undecided(1_010)).toEqual([]);
});

test("a batch is made when it is full or its first claim has waited, of one tier, and holds no claim of another", () => {
  const { sold, sell, sign } = shop();
  const digests = [1, 2, 3, 4, 5].map((n) => sell(n).digest);
  const terms = { size: 2, seconds: 60 };
  // What is not signed yet waits.
  expect(sold.makeBatches({ now: 1_010, ...terms })).toEqual([]);
  for (const n of [1, 2, 3, 4, 5]) sign(n);
  const full = sold.makeBatches({ now: 1_010, ...terms });
  expect(full.map(({ count, coverage }) => [count, coverage])).toEqual([
    [2, 20n],
    [2, 20n],
  ]);
  expect(sold.makeBatches({ now: 1_010, ...terms })).toEqual([]);
  const other = sell(6, hash("05"));
  sign(6);
  const late = sold.makeBatches({ now: 1_070, ...terms });
  expect(late.map(({ parameters, count }) => [parameters, count])).toEqual([
    [hash("04"), 1],
    [hash("05"), 1],
  ]);
  expect(sold.makeBatches({ now: 9_999, ...terms })).toEqual([]);
  const all = [...full, ...late].flatMap(({ root }) => sold.members(root).map(({ digest }) => digest));
  expect(all).toEqual([...digests, other.digest]);
  for (const { root, coverage } of full) {
    const members = sold.members(root);
    const tree = sumTree(members.map(({ digest, claim }) => sumLeaf(digest, claim)));
    expect(sumRoot(tree)).toEqual({ hash: root, sum: coverage });
    for (const [index, { digest }] of members.entries()) {
      expect(sold.placeOf(digest)).toEqual({ root, index });
      expect(sumPath(tree, index)).toHaveLength(1);
    }
  }
});

test("a claim whose time to be posted has passed gets into no batch", () => {
  const { sold, sell, sign } = shop();
  sell(1);
  sign(1);
  expect(sold.makeBatches({ now: 1_001 + 12 * HOUR, size: 1, seconds: 0 })).toEqual([]);
  expect(sold.makeBatches({ now: 1_000 + 12 * HOUR, size: 1, seconds: 0 })).toHaveLength(1);
});

test("what is promised is locked once the batch is on chain, and lives until it is released", () => {
  const { sold, sell, sign, event } = shop();
  sell(1);
  sell(2);
  sign(1);
  sign(2);
  const [batch] = sold.makeBatches({ now: 1_010, size: 2, seconds: 60 });
  expect(sold.promised(1_010)).toBe(20n);
  const post = (id: Hex, operator: Address) => {
    const terms = { ...batch, operator, postedAt: 1_020 };
    event("BatchPosted", id, batch!.root, { batch: id, operator, terms, windowEnd: 2_000 });
  };
  post(hash("0c"), address("99"));
  expect(sold.promised(1_030)).toBe(20n);
  post(hash("0b"), address("02"));
  expect(sold.promised(1_030)).toBe(0n);
  event("Released", hash("0c"), null, { batch: hash("0c") });
  const later = 1_000 + 100 * HOUR;
  expect(sold.live(later)).toEqual([{ model: hash("03"), parameters: hash("04"), claims: 2 }]);
  expect(sold.wanted(later, HOUR)).toHaveLength(4);
  event("Released", hash("0b"), null, { batch: hash("0b") });
  expect(sold.live(later)).toEqual([]);
  expect(sold.wanted(later, HOUR)).toEqual([]);
  expect(sold.wanted(1_030 + HOUR, 2 * HOUR)).toHaveLength(4);
});
