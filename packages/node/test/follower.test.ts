import { marketAbi } from "@opengradient/bindings";
import type { Reader } from "@opengradient/protocol";
import { encodeAbiParameters, encodeEventTopics, type Hex, keccak256, toHex } from "viem";
import { expect, test } from "vitest";
import { openDatabase } from "../src/database.ts";
import { eventsAbout, openFollower } from "../src/follower.ts";

const address = (byte: string) => `0x${byte.repeat(20)}` as const;
const market = address("0a");

type Block = { readonly hash: Hex; readonly refunds: readonly bigint[] };

/** A chain of blocks that each refund some requests, which a test can rewrite. */
function fakeReader(blocks: Block[]) {
  const log = (request: bigint, number: number, logIndex: number) => ({
    address: market,
    topics: encodeEventTopics({
      abi: marketAbi,
      eventName: "Refunded",
      args: { requestId: request, requester: address("0b") },
    }),
    data: encodeAbiParameters([{ type: "uint128" }], [1n]),
    blockNumber: BigInt(number),
    blockHash: blocks[number]!.hash,
    logIndex,
    transactionHash: keccak256(toHex(request)),
  });
  const block = (number: number) => {
    if (!blocks[number]) throw Object.assign(new Error("none"), { name: "BlockNotFoundError" });
    return { number: BigInt(number), hash: blocks[number].hash, timestamp: BigInt(100 + number), baseFeePerGas: 7n };
  };
  const chain = {
    getBlock: async ({ blockNumber }: { blockNumber?: bigint } = {}) => block(Number(blockNumber ?? blocks.length - 1)),
    getLogs: async ({ fromBlock, toBlock }: { fromBlock: bigint; toBlock: bigint }) =>
      blocks.flatMap(({ refunds }, number) =>
        number < fromBlock || number > toBlock ? [] : refunds.map((request, i) => log(request, number, i)),
      ),
  };
  const nowhere = address("0c");
  const others = ["opg", "modelRegistry", "staking", "delegation", "batches", "channels", "deliveries", "disputes"];
  const addresses = { ...Object.fromEntries(others.map((name) => [name, nowhere])), market };
  return { chain, addresses, chainId: 1 } as unknown as Reader;
}

const block = (name: string, refunds: readonly bigint[] = []): Block => ({ hash: keccak256(toHex(name)), refunds });

test("events are believed at depth, once, and taken back with the block that held them", async () => {
  const blocks = [block("a"), block("b", [1n]), block("c", [2n])];
  const db = openDatabase(":memory:");
  const follower = openFollower({ db, reader: fakeReader(blocks), from: 0, depth: 1 });
  const seen = () => [1n, 2n, 3n, 4n].filter((request) => eventsAbout(db, String(request)).length === 1);

  expect(await follower.tick()).toEqual({ number: 2n, time: 102, baseFee: 7n });
  expect(seen()).toEqual([1n]);
  blocks.push(block("d"));
  await follower.tick();
  await follower.tick();
  expect(seen()).toEqual([1n, 2n]);

  // The last two blocks are replaced: request 2 was refunded in a block that is gone, 3 in its place.
  blocks.splice(2, 2, block("c2", [3n]), block("d2"), block("e2", [4n]));
  await follower.tick();
  expect(seen()).toEqual([1n, 3n]);
  expect(eventsAbout(db, "2")).toEqual([]);
  blocks.push(block("f2"));
  await follower.tick();
  expect(seen()).toEqual([1n, 3n, 4n]);
});

test("a chain that became shorter is followed too", async () => {
  const blocks = [block("a"), block("b", [1n]), block("c", [2n])];
  const db = openDatabase(":memory:");
  const follower = openFollower({ db, reader: fakeReader(blocks), from: 0, depth: 0 });
  await follower.tick();
  blocks.splice(2, 1);
  await follower.tick();
  expect([eventsAbout(db, "1").length, eventsAbout(db, "2").length]).toEqual([1, 0]);
});

test("amounts come back as bigints after the disk", async () => {
  const blocks = [block("a", [1n])];
  const db = openDatabase(":memory:");
  await openFollower({ db, reader: fakeReader(blocks), from: 0, depth: 0 }).tick();
  expect(eventsAbout(db, "1")[0]).toMatchObject({ name: "Refunded", args: { requestId: 1n, fee: 1n }, block: 0n });
});
