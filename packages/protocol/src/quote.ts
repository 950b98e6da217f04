import { disputesAbi, modelRegistryAbi, stakingAbi } from "@opengradient/bindings";
import { type Address, getAddress, type Hex, zeroAddress } from "viem";
import { lesser } from "./amounts.ts";
import type { Reader } from "./client.ts";
import { type ProtocolEvent, readEvents } from "./events.ts";

/** One operator's offer for a model, with what it can cover now. */
export type Quote = {
  readonly operator: Address;
  readonly signer: Address;
  readonly endpoint: string;
  readonly fee: bigint;
  /** most coverage of one claim: the least of its offer and of its free stake */
  readonly maxCoverage: bigint;
  /** what its free stake covers, whatever it is asked for */
  readonly room: bigint;
  /** why it can not be asked now */
  readonly refusal: "jailed" | "not offered" | "no free stake" | undefined;
};

/** What an operator asks for a model right now. */
export async function quote(
  reader: Reader,
  { operator, modelRoot }: { operator: Address; modelRoot: Hex },
): Promise<Quote> {
  const staking = { address: reader.addresses.staking, abi: stakingAbi } as const;
  const [record, [fee, offered], room] = await Promise.all([
    reader.chain.readContract({ ...staking, functionName: "operators", args: [operator] }),
    reader.chain.readContract({ ...staking, functionName: "offers", args: [operator, modelRoot] }),
    reader.chain.readContract({ ...staking, functionName: "room", args: [operator] }),
  ]);
  const maxCoverage = lesser(offered, room);
  const refusal =
    record.frozenAt !== 0 ? "jailed" : offered === 0n || record.signer === zeroAddress ? "not offered" : undefined;
  return {
    operator,
    signer: record.signer,
    endpoint: record.endpoint,
    fee,
    maxCoverage,
    room,
    refusal: refusal ?? (maxCoverage === 0n ? "no free stake" : undefined),
  };
}

/** Who ever offered which model, by its root, as far as these events tell. */
export function offering(events: readonly ProtocolEvent[]): ReadonlyMap<Hex, readonly Address[]> {
  const offers = events
    .filter(({ name }) => name === "Offered")
    .map(({ args }) => ({ model: args["model"] as Hex, operator: getAddress(args["operator"] as string) }));
  const byModel = Map.groupBy(offers, ({ model }) => model);
  return new Map([...byModel].map(([model, all]) => [model, [...new Set(all.map(({ operator }) => operator))]]));
}

/** What these operators ask for a model, cheapest first; those who can not be asked now come last. */
export async function quotes(
  reader: Reader,
  { operators, modelRoot }: { operators: readonly Address[]; modelRoot: Hex },
): Promise<Quote[]> {
  const all = await Promise.all(operators.map((operator) => quote(reader, { operator, modelRoot })));
  return all.sort((a, b) => Number(!!a.refusal) - Number(!!b.refusal) || (a.fee < b.fee ? -1 : a.fee > b.fee ? 1 : 0));
}

/** Quotes of everyone who offered a model since a block; reads all events since then. */
export async function findOperators(reader: Reader, modelRoot: Hex, fromBlock: bigint): Promise<Quote[]> {
  const events = await readEvents(reader, { from: fromBlock, to: await reader.chain.getBlockNumber() });
  return quotes(reader, { operators: offering(events).get(modelRoot) ?? [], modelRoot });
}

/** What the registry keeps of a model. */
export const readModel = (reader: Reader, modelRoot: Hex) =>
  reader.chain.readContract({
    address: reader.addresses.modelRegistry,
    abi: modelRegistryAbi,
    functionName: "model",
    args: [modelRoot],
  });

/** OPG that a commit takes and gives back with the verdict. */
export const proofBond = (reader: Reader): Promise<bigint> =>
  reader.chain.readContract({ address: reader.addresses.disputes, abi: disputesAbi, functionName: "bond" });
