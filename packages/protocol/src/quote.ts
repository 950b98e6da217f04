import { disputesAbi, modelRegistryAbi, stakingAbi } from "@opengradient/bindings";
import { type Address, getAddress, type Hex, zeroAddress } from "viem";
import { lesser } from "./amounts.ts";
import type { Reader } from "./client.ts";
import { readEvents } from "./events.ts";

/** One operator's offer for a model, with what it can cover now. */
export type Quote = {
  readonly operator: Address;
  readonly signer: Address;
  readonly endpoint: string;
  readonly fee: bigint;
  /** most coverage of one claim: the least of its offer and of its free stake */
  readonly maxCoverage: bigint;
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
    refusal: refusal ?? (maxCoverage === 0n ? "no free stake" : undefined),
  };
}

/** Everyone who ever offered a model, cheapest first; those who can not be asked now come last. */
export async function findOperators(reader: Reader, modelRoot: Hex, fromBlock: bigint): Promise<Quote[]> {
  const to = await reader.chain.getBlockNumber();
  const events = await readEvents(reader, { from: fromBlock, to });
  const offered = events.filter(({ name, args }) => name === "Offered" && args["model"] === modelRoot);
  const operators = [...new Set(offered.map(({ args }) => getAddress(args["operator"] as string)))];
  const quotes = await Promise.all(operators.map((operator) => quote(reader, { operator, modelRoot })));
  return quotes.sort(
    (a, b) => Number(!!a.refusal) - Number(!!b.refusal) || (a.fee < b.fee ? -1 : a.fee > b.fee ? 1 : 0),
  );
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
