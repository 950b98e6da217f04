import { type Addresses, type Deployment, marketAbi, opgAbi, stakingAbi } from "@opengradient/bindings";
import { type Abi, type Address, getAddress, getContractAddress, type Hex } from "viem";
import type { Writer } from "./client.ts";
import { ProtocolError, protocolError } from "./errors.ts";
import { checkClocks, type Parameters } from "./parameters.ts";

export type Artifact = { readonly abi: Abi; readonly bytecode: Hex };

export type ContractName =
  | "OPG"
  | "Validator"
  | "Arbiter"
  | "ModelRegistry"
  | "Staking"
  | "Market"
  | "Disputes"
  | "Channels"
  | "Deliveries";

/** Built contracts, from wherever they come. */
export type Artifacts = Readonly<Record<ContractName, Artifact>>;

export type SystemOptions = {
  /** adds up to OPG's supply exactly */
  readonly genesis: readonly { readonly to: Address; readonly amount: bigint }[];
  /** M */
  readonly faultBond: bigint;
  /** seconds; at least the longest exposure of the tiers */
  readonly thawPeriod: number;
  readonly tiers: readonly Parameters[];
  /** seconds in which operators can redeem vouchers after a channel's end was set; at least a batch of theirs waits */
  readonly channelThaw: number;
  /** where the audit share of fees goes */
  readonly auditPool: Address;
  /** OPG that a commit takes */
  readonly proofBond: bigint;
  /** wei below which prices of demands do not fall */
  readonly baseFeeFloor: bigint;
  /** `devnet`: short clocks are allowed. Else the rollup's force inclusion delay in seconds (0 on an L1), which A must exceed by 12 h. */
  readonly chain: "devnet" | { readonly forceInclusion: number };
};

/** Sends the contracts of a whole system from one account. @throws UnsafeClocksError before anything is sent */
export async function deploySystem(
  writer: Omit<Writer, "addresses">,
  artifacts: Artifacts,
  options: SystemOptions,
): Promise<Deployment> {
  const { chain } = options;
  if (chain !== "devnet") for (const tier of options.tiers) checkClocks(tier, chain.forceInclusion);
  const block = Number(await writer.chain.getBlockNumber());
  const send = (name: ContractName, args: readonly unknown[]) => deployOne(writer, name, artifacts[name], args);
  const opg = await send("OPG", [options.genesis]);
  const validator = await send("Validator", []);
  const arbiter = await send("Arbiter", []);
  const modelRegistry = await send("ModelRegistry", [validator]);
  const staking = await send("Staking", [opg, options.faultBond, options.thawPeriod]);
  const disputes = await nextAddress(writer, 1);
  const wiring = { opg, staking, registry: modelRegistry, disputes, auditPool: options.auditPool };
  const market = await send("Market", [wiring, options.tiers]);
  const placed = await send("Disputes", [market, arbiter, options.proofBond, options.baseFeeFloor]);
  if (placed !== disputes)
    throw new ProtocolError("the deploying account sent something else in between: deploy anew", { advice: "retry" });
  const channels = await send("Channels", [market, options.channelThaw]);
  const deliveries = await send("Deliveries", [market]);
  await seed(writer, { opg, disputes });
  const made = await madeBy(writer, { staking, market });
  const addresses: Addresses = {
    opg,
    modelRegistry,
    staking,
    market,
    channels,
    deliveries,
    disputes,
    arbiter,
    validator,
    ...made,
  };
  return { ...addresses, chainId: writer.chainId, block };
}

/** What Staking and the Market created beside themselves. */
async function madeBy(
  { chain }: Omit<Writer, "addresses">,
  { staking, market }: { staking: Address; market: Address },
): Promise<Pick<Addresses, "delegation" | "votes" | "batches">> {
  const [delegation, votes, batches] = await Promise.all([
    chain.readContract({ address: staking, abi: stakingAbi, functionName: "delegation" }),
    chain.readContract({ address: staking, abi: stakingAbi, functionName: "votes" }),
    chain.readContract({ address: market, abi: marketAbi, functionName: "batches" }),
  ]);
  return { delegation, votes, batches };
}

async function deployOne(
  { chain, wallet }: Omit<Writer, "addresses">,
  name: ContractName,
  { abi, bytecode }: Artifact,
  args: readonly unknown[],
): Promise<Address> {
  try {
    const hash = await wallet.deployContract({ abi, bytecode, args });
    const { contractAddress, status } = await chain.waitForTransactionReceipt({ hash });
    if (status !== "success" || !contractAddress)
      throw new ProtocolError(`deploying ${name} reverted in ${hash}`, { advice: "report" });
    return getAddress(contractAddress);
  } catch (error) {
    throw protocolError(error, `deploying ${name}`);
  }
}

/** One unit that nobody is owed: a balance that is never zero makes the first commit cheaper. */
async function seed(
  writer: Omit<Writer, "addresses">,
  { opg, disputes }: { opg: Address; disputes: Address },
): Promise<void> {
  const { chain, wallet } = writer;
  const token = { address: opg, abi: opgAbi } as const;
  const args = [wallet.account.address] as const;
  if ((await chain.readContract({ ...token, functionName: "balanceOf", args })) === 0n) return;
  const hash = await wallet.writeContract({ ...token, functionName: "transfer", args: [disputes, 1n] });
  await chain.waitForTransactionReceipt({ hash });
}

/** The address of the contract that the account creates after `ahead` more transactions. */
async function nextAddress({ chain, wallet }: Omit<Writer, "addresses">, ahead: number): Promise<Address> {
  const nonce = await chain.getTransactionCount({ address: wallet.account.address });
  return getContractAddress({ from: wallet.account.address, nonce: BigInt(nonce + ahead) });
}
