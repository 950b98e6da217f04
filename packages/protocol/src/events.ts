import {
  batchesAbi,
  channelsAbi,
  delegationAbi,
  deliveriesAbi,
  disputesAbi,
  marketAbi,
  modelRegistryAbi,
  newWorkAbi,
  opgGovernorAbi,
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
  newWork: newWorkAbi,
  governor: opgGovernorAbi,
} as const;

type Contract = keyof typeof abis;

/** Those that a claim, a request or an operator's record can depend on. */
const OF_THE_MARKET: readonly Contract[] = [
  "modelRegistry",
  "staking",
  "delegation",
  "market",
  "batches",
  "channels",
  "deliveries",
  "disputes",
];

/** One event of one of our contracts. */
export type ProtocolEvent = {
  readonly contract: Contract;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly block: bigint;
  readonly blockHash: Hex;
  readonly logIndex: number;
  readonly transaction: Hex;
};

/** Blocks that one request for logs spans: providers refuse a longer range. */
export const MOST_BLOCKS = 10_000n;

/** All events of the system in a range of blocks, both ends included, in order; of votes and the guardian where asked for. */
export async function readEvents(
  reader: Reader,
  range: { from: bigint; to: bigint },
  contracts = OF_THE_MARKET,
): Promise<ProtocolEvent[]> {
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

function decodeLog(log: Log<bigint, number, false>, byAddress: ReadonlyMap<string, Contract>): ProtocolEvent[] {
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
