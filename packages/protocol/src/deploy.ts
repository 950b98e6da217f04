import { type Addresses, type Deployment, opgAbi } from "@opengradient/bindings";
import { type Abi, type Address, getContractAddress, type Hex } from "viem";
import { mined, type Writer } from "./client.ts";
import { ProtocolError, protocolError } from "./errors.ts";
import { checkClocks, type Parameters } from "./parameters.ts";

export type Artifact = { readonly abi: Abi; readonly bytecode: Hex };

export type ContractName =
  | "OPG"
  | "Validator"
  | "Arbiter"
  | "ModelRegistry"
  | "Staking"
  | "OpgGovernor"
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
  /** the first that may pause new work; the zero address for none */
  readonly guardian: Address;
  /** OPG that a commit takes */
  readonly proofBond: bigint;
  /** wei below which prices of demands do not fall */
  readonly baseFeeFloor: bigint;
  /** `devnet`: short clocks are allowed. Else the rollup's force inclusion delay in seconds (0 on an L1), which A must exceed by 12 h. */
  readonly chain: "devnet" | { readonly forceInclusion: number };
};

/** One contract to be created: its address follows from who sends it and the nonce. */
export type Step = {
  readonly name: ContractName;
  readonly args: readonly unknown[];
  readonly nonce: number;
  readonly address: Address;
};

export type Plan = { readonly steps: readonly Step[]; readonly addresses: Addresses };

/** Who deploys, and the nonce of its first transaction. */
export type Start = { readonly from: Address; readonly nonce: number };

const ORDER: readonly ContractName[] = [
  "OPG",
  "Validator",
  "Arbiter",
  "ModelRegistry",
  "Staking",
  "OpgGovernor",
  "Market",
  "Disputes",
  "Channels",
  "Deliveries",
];

/** All that will be sent, known before the first of it. @throws UnsafeClocksError */
export function planSystem({ from, nonce }: Start, options: SystemOptions): Plan {
  const { chain } = options;
  if (chain !== "devnet") for (const tier of options.tiers) checkClocks(tier, chain.forceInclusion);
  const at = (name: ContractName): Address => created(from, nonce + ORDER.indexOf(name));
  const [opg, staking, governor, market] = [at("OPG"), at("Staking"), at("OpgGovernor"), at("Market")];
  const delegation = created(staking, 1);
  const addresses: Addresses = {
    opg,
    modelRegistry: at("ModelRegistry"),
    staking,
    delegation,
    votes: created(delegation, 1),
    governor,
    timelock: created(governor, 1),
    market,
    batches: created(market, 1),
    newWork: created(market, 2),
    channels: at("Channels"),
    deliveries: at("Deliveries"),
    disputes: at("Disputes"),
    arbiter: at("Arbiter"),
    validator: at("Validator"),
  };
  const wiring = {
    opg,
    staking,
    registry: addresses.modelRegistry,
    disputes: addresses.disputes,
    auditPool: options.auditPool,
    governance: addresses.timelock,
    guardian: options.guardian,
  };
  const args: Readonly<Record<ContractName, readonly unknown[]>> = {
    OPG: [options.genesis],
    Validator: [],
    Arbiter: [],
    ModelRegistry: [addresses.validator],
    Staking: [opg, options.faultBond, options.thawPeriod],
    OpgGovernor: [addresses.votes],
    Market: [wiring, options.tiers],
    Disputes: [market, addresses.arbiter, options.proofBond, options.baseFeeFloor],
    Channels: [market, options.channelThaw],
    Deliveries: [market],
  };
  const steps = ORDER.map((name, i) => ({ name, args: args[name], nonce: nonce + i, address: at(name) }));
  return { steps, addresses };
}

const created = (from: Address, nonce: number): Address => getContractAddress({ from, nonce: BigInt(nonce) });

type Sender = Omit<Writer, "addresses">;

/** Sends the contracts of a whole system from one account. @throws UnsafeClocksError before anything is sent */
export async function deploySystem(sender: Sender, artifacts: Artifacts, options: SystemOptions): Promise<Deployment> {
  const from = sender.wallet.account.address;
  const [block, nonce] = await Promise.all([
    sender.chain.getBlockNumber(),
    sender.chain.getTransactionCount({ address: from }),
  ]);
  const { steps, addresses } = planSystem({ from, nonce }, options);
  for (const step of steps) await create(sender, artifacts[step.name], step);
  await seed(sender, addresses);
  return { ...addresses, chainId: sender.chainId, block: Number(block) };
}

/**
 * Creates one contract of a plan, unless it is there. Whatever happens in between, two can not come to be: both would
 * need the same nonce.
 * @returns false when it was there
 */
export async function create(sender: Sender, { abi, bytecode }: Artifact, step: Step): Promise<boolean> {
  const { chain, wallet } = sender;
  const { name, args, nonce, address } = step;
  const count = () => chain.getTransactionCount({ address: wallet.account.address });
  if ((await count()) > nonce) {
    await expectCode(sender, step);
    return false;
  }
  try {
    const hash = await wallet.deployContract({ abi, bytecode, args, nonce });
    const { status } = await mined(sender, hash);
    if (status !== "success") throw new ProtocolError(`deploying ${name} reverted in ${hash}`, { advice: "report" });
  } catch (error) {
    if (!TAKEN.test(String(error))) throw protocolError(error, `deploying ${name} at ${address} with nonce ${nonce}`);
    await until(async () => (await count()) > nonce, `nonce ${nonce} to be mined`);
    await expectCode(sender, step);
  }
  return true;
}

/** How nodes say that a transaction of before, maybe of a run that was killed, has this nonce. */
const TAKEN = /already known|already imported|underpriced|nonce too low|nonce is too low/i;

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await holds()) return;
    await new Promise((wake) => setTimeout(wake, 1000));
  }
  throw new ProtocolError(`waited five minutes for ${what}`, { advice: "retry" });
}

async function expectCode({ chain }: Sender, { name, nonce, address }: Step): Promise<void> {
  if (await chain.getCode({ address })) return;
  throw new ProtocolError(
    `${name} is not at ${address}: nonce ${nonce} went into something else, or its creation reverted; begin anew`,
    { advice: "stop" },
  );
}

/** One unit that nobody is owed: a balance that is never zero makes the first commit cheaper. */
async function seed(sender: Sender, { opg, disputes }: Addresses): Promise<void> {
  const { chain, wallet } = sender;
  const token = { address: opg, abi: opgAbi } as const;
  const args = [wallet.account.address] as const;
  if ((await chain.readContract({ ...token, functionName: "balanceOf", args })) === 0n) return;
  const hash = await wallet.writeContract({ ...token, functionName: "transfer", args: [disputes, 1n] });
  await mined(sender, hash);
}
