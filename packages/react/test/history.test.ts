import { MOST_BLOCKS, type Reader } from "@opengradient/protocol";
import { encodeEventTopics, type Hex, numberToHex, parseAbi } from "viem";
import { expect, it } from "vitest";
import { type History, isWhole, readOn } from "../src/history.ts";

const word = (n: bigint): Hex => numberToHex(n, { size: 32 });
const addresses = Object.fromEntries(
  ["opg", "modelRegistry", "staking", "delegation", "market", "batches", "channels", "deliveries", "disputes"].map(
    (name, i) => [name, numberToHex(i + 1, { size: 20 })],
  ),
) as Reader["addresses"];
const abi = parseAbi(["event Refunded(uint256 indexed requestId, address indexed requester, uint128 fee)"]);

type Range = { fromBlock: bigint; toBlock: bigint };

/** A chain on which each block of `blocks` holds one event, named by its `fork`. */
function chainOf(blocks: readonly bigint[]) {
  const state = { head: 0n, fork: 1n, asked: [] as Range[] };
  const log = (block: bigint) => ({
    address: addresses.market,
    topics: encodeEventTopics({ abi, args: { requestId: block, requester: addresses.opg } }),
    data: word(1n),
    blockNumber: block,
    blockHash: word(state.fork),
    logIndex: 0,
    transactionHash: word(block),
  });
  const chain = {
    getBlockNumber: async () => state.head,
    async getLogs({ fromBlock, toBlock }: Range) {
      state.asked.push({ fromBlock, toBlock });
      return blocks.filter((block) => block >= fromBlock && block <= toBlock).map(log);
    },
  };
  return { state, reader: { chain, addresses, chainId: 1 } as unknown as Reader };
}

const blocksOf = ({ events }: History) => events.map(({ block }) => block);

it("reads an old system's first and last page at once, and the rest page by page, newest first", async () => {
  const blocks = [7n, 20n, 40_000n, 70_000n, 99_990n, 99_999n];
  const { state, reader } = chainOf(blocks);
  state.head = 100_000n;
  let history = await readOn(reader, 5n, undefined);
  expect(blocksOf(history)).toEqual([7n, 20n, 99_990n, 99_999n]);
  expect(isWhole(history)).toBe(false);
  expect(state.asked.every(({ fromBlock, toBlock }) => toBlock - fromBlock < MOST_BLOCKS)).toBe(true);
  expect(state.asked.length).toBe(2);
  const seen = [];
  for (let reading = 0; !isWhole(history) && reading < 20; reading++) {
    state.asked = [];
    history = await readOn(reader, 5n, history);
    expect(state.asked.length).toBeLessThanOrEqual(2);
    seen.push(blocksOf(history).includes(70_000n), blocksOf(history).includes(40_000n));
  }
  expect(seen.indexOf(true)).toBeLessThan(seen.lastIndexOf(false));
  expect(blocksOf(history)).toEqual(blocks);
});

it("reads a young system whole, then only what is new and what a reorganisation may have replaced", async () => {
  const blocks = [7n, 95n, 101n];
  const { state, reader } = chainOf(blocks);
  state.head = 100n;
  const first = await readOn(reader, 5n, undefined);
  expect([blocksOf(first), isWhole(first)]).toEqual([[7n, 95n], true]);
  state.asked = [];
  expect(await readOn(reader, 5n, first)).toBe(first);
  expect(state.asked).toEqual([]);
  Object.assign(state, { head: 101n, fork: 2n });
  const second = await readOn(reader, 5n, first);
  expect(blocksOf(second)).toEqual(blocks);
  expect(second.events.map(({ blockHash }) => blockHash)).toEqual([word(1n), word(2n), word(2n)]);
  expect(state.asked).toEqual([{ fromBlock: 88n, toBlock: 101n }]);
});
