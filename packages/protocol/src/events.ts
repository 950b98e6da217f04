import {
  batchesAbi,
  channelsAbi,
  delegationAbi,
  deliveriesAbi,
  disputesAbi,
  marketAbi,
  modelRegistryAbi,
  stakingAbi,
} from "@opengradient/bindings";
import { type Abi, decodeEventLog, type Hex, type Log } from "viem";
import type { Reader } from "./client.ts";

const abis = {
  modelRegistry: modelRegistryAbi,
  staking: stakingAbi,
  delegation: delegationAbi,
  market: marketAbi,
  batches: batchesAbi,
  channels: channelsAbi,
  deliveries: deliveriesAbi,
  disputes: disputesAbi,
} as const;

/** One event of one of our contracts. */
export type ProtocolEvent = {
  readonly contract: keyof typeof abis;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly block: bigint;
  readonly blockHash: Hex;
  readonly logIndex: number;
  readonly transaction: Hex;
};

/** Blocks that one request for logs spans: providers refuse a longer range. */
export const MOST_BLOCKS = 10_000n;

/** All events of the system in a range of blocks, both ends included, in order. */
export async function readEvents(reader: Reader, range: { from: bigint; to: bigint }): Promise<ProtocolEvent[]> {
  const contracts = Object.keys(abis) as (keyof typeof abis)[];
  const byAddress = new Map(contracts.map((name) => [reader.addresses[name].toLowerCase(), name]));
  const address = contracts.map((name) => reader.addresses[name]);
  const events: ProtocolEvent[] = [];
  for (let from = range.from; from <= range.to; from += MOST_BLOCKS) {
    const last = from + MOST_BLOCKS - 1n;
    const logs = await reader.chain.getLogs({ address, fromBlock: from, toBlock: last < range.to ? last : range.to });
    events.push(...logs.flatMap((log) => decodeLog(log, byAddress)));
  }
  return events;
}

function decodeLog(
  log: Log<bigint, number, false>,
  byAddress: ReadonlyMap<string, keyof typeof abis>,
): ProtocolEvent[] {
  const contract = byAddress.get(log.address.toLowerCase());
  if (!contract) return [];
  try {
    const decoded = decodeEventLog({ abi: abis[contract] as Abi, topics: log.topics, data: log.data });
    return [
      {
        contract,
        name: String(decoded.eventName),
        args: (decoded.args ?? {}) as unknown as Record<string, unknown>,
        block: log.blockNumber,
        blockHash: log.blockHash,
        logIndex: log.logIndex,
        transaction: log.transactionHash,
      },
    ];
  } catch {
    // An event of a library that the ABI does not list changes nothing for us.
    return [];
  }
}
