/** A small network on this machine that lives until it is stopped: `og devnet --people`, and what `og start` shows. */
import { join } from "node:path";
import type { Deployment } from "@opengradient/bindings";
import { stakingAbi } from "@opengradient/bindings";
import {
  modelOf,
  type Node,
  type NodeConfigInput,
  type NodeParts,
  occasionalLiar,
  parseConfig,
  silentLog,
  startNode,
  writeModel,
} from "@opengradient/node";
import {
  authorise,
  devnetParameters,
  devnetTiers,
  ensureAllowance,
  register,
  restore,
  type SystemOptions,
  stake,
  transfer,
  type Writer,
} from "@opengradient/protocol";
import { type Address, createWalletClient, type Hex, http, maxUint256, toHex } from "viem";
import { devnetAccount } from "../chain/accounts.ts";
import { chainOf, readerOf } from "../chain/connect.ts";
import { deployDevnet, devnetSystem, give, OPG, startChain } from "../chain/local.ts";
import { publishModel } from "../chain/publish.ts";
import { digitsFile } from "../demo/images.ts";
import { scratchFolder } from "../ending.ts";
import { importModel } from "../model/import.ts";

/** Who runs the network, by the index of the devnet account. */
const PEOPLE = { deployer: 0, author: 1, olga: 2, liam: 3, cleo: 6, omar: 8 } as const;
type Person = keyof typeof PEOPLE;

type Post = { readonly person: Person; readonly name: string; readonly fee: bigint; readonly parts: NodeParts };

/** Only Liam's parts say which one lies; the page has to find out. */
const OPERATORS: readonly Post[] = [
  { person: "olga", name: "Olga", fee: 3n * OPG, parts: {} },
  { person: "omar", name: "Omar", fee: 2n * OPG, parts: {} },
  { person: "liam", name: "Liam", fee: OPG, parts: occasionalLiar(3) },
];

const STAKE = 200_000n * OPG;
const MOST_COVERAGE = 1_000n * OPG;
const WINDOW = 300;
const GIFT = { opg: 1_000n * OPG, native: 10n * 10n ** 18n };

export type Network = {
  readonly rpc: string;
  readonly deployment: Deployment;
  readonly modelRoot: Hex;
  readonly system: SystemOptions;
  /** operators, and what they ask */
  readonly people: readonly { readonly name: string; readonly operator: Address; readonly fee: bigint }[];
  /** people and models by address and root, as far as this network knows them */
  readonly names: Readonly<Record<string, string>>;
  /** Sends test money to an address. */
  give(to: Address): Promise<void>;
  close(): Promise<void>;
};

export type NetworkOptions = {
  readonly port?: number;
  readonly blockInterval?: number;
  /** seconds that the watcher leaves a claim to others; without it nobody watches */
  readonly patience?: number;
  readonly progress: (what: string) => void;
};

export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const folder = scratchFolder("start");
  const closing: Closing = [];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    return { ...(await build(folder, closing, options)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Closing = (() => Promise<void> | void)[];

async function build(
  folder: string,
  closing: Closing,
  { port, blockInterval = 1000, patience, progress }: NetworkOptions,
) {
  progress("starting a local chain …");
  const chain = await startChain({ ...(port === undefined ? {} : { port }), blockInterval });
  closing.push(() => chain.close());
  progress("deploying the contracts …");
  const system = devnetSystem([{ ...devnetParameters, window: WINDOW }, ...devnetTiers.slice(1)]);
  const deployment = await deployDevnet(http(chain.url), system);
  const writer = writersOf({ rpc: chain.url, deployment });

  progress("importing and publishing the model …");
  const model = importModel(digitsFile());
  await publishModel(writer("author"), model, { royaltyBps: 250, uri: "" });
  const { sourceHash, compilerHash, modelRoot } = model.roots;
  const models = [join(folder, "model")];
  writeModel(models[0]!, modelOf({ name: "digits", sourceHash, compilerHash }, model.program, model.weights));

  progress("starting operators …");
  const common = { rpcUrl: chain.url, deployment, models, pollMs: 200, depth: 0 };
  const run = async (name: string, config: Partial<NodeConfigInput>, parts: NodeParts = {}): Promise<Node> => {
    const dataDir = join(folder, name);
    const node = await startNode(parseConfig({ ...common, ...config, dataDir }), { ...parts, log: silentLog });
    closing.push(() => node.stop());
    return node;
  };
  await transfer(writer("deployer"), { to: addressOf("omar"), amount: 2n * STAKE });
  for (const { person, fee, parts } of OPERATORS) {
    const operator = { owner: addressOf(person), key: keyOf(person), postOpened: true };
    const node = await run(person, { operator }, parts);
    await enlist(writer(person), { modelRoot, fee, endpoint: node.url });
  }
  if (patience !== undefined) {
    await ensureAllowance(writer("cleo"), { spender: deployment.disputes, amount: maxUint256 });
    await run("watcher", { watcher: { mode: "defend", key: keyOf("cleo"), patience } });
  }
  const forgiving = setInterval(() => void forgive(writer("liam")).catch(() => {}), 5_000);
  closing.push(() => clearInterval(forgiving));

  const people = OPERATORS.map(({ person, name }) => [addressOf(person).toLowerCase(), name]);
  const names = Object.fromEntries([
    ...people,
    [addressOf("cleo").toLowerCase(), "Cleo, a watcher"],
    [modelRoot, "digits"],
  ]);
  return {
    rpc: chain.url,
    deployment,
    system,
    modelRoot,
    people: OPERATORS.map(({ person, name, fee }) => ({ name, operator: addressOf(person), fee })),
    names,
    give: giver(writer("deployer")),
  };
}

function writersOf(place: { rpc: string; deployment: Deployment }): (person: Person) => Writer {
  const reader = readerOf(place);
  const chain = chainOf(reader.chainId, place.rpc);
  return (person) => {
    const account = devnetAccount(PEOPLE[person]);
    return { ...reader, wallet: createWalletClient({ account, chain, transport: http(place.rpc) }) };
  };
}

const addressOf = (person: Person): Address => devnetAccount(PEOPLE[person]).address;
const keyOf = (person: Person): Hex => toHex(devnetAccount(PEOPLE[person]).getHdKey().privateKey!);

type Enlistment = { readonly modelRoot: Hex; readonly fee: bigint; readonly endpoint: string };

export async function enlist(writer: Writer, { modelRoot, fee, endpoint }: Enlistment): Promise<void> {
  const own = writer.wallet.account.address;
  await register(writer, {
    signer: own,
    payee: own,
    endpoint,
    offers: [{ modelRoot, fee, maxCoverage: MOST_COVERAGE }],
  });
  await authorise(writer, { court: writer.addresses.market });
  await ensureAllowance(writer, { spender: writer.addresses.staking, amount: STAKE });
  await stake(writer, { operator: own, amount: STAKE });
}

/** Takes the liar back once its claims are closed, so that the next visitor can catch it too. */
async function forgive(writer: Writer): Promise<void> {
  const args = [writer.wallet.account.address] as const;
  const at = { address: writer.addresses.staking, abi: stakingAbi, functionName: "operators", args } as const;
  const { frozenAt, locked } = await writer.chain.readContract(at);
  if (frozenAt !== 0 && locked === 0n) await restore(writer, {});
}

/** One gift after the other: they come from one account. */
function giver(writer: Writer): (to: Address) => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return (to) => {
    const next = last.then(() => give(writer, to, GIFT));
    last = next.catch(() => {});
    return next;
  };
}
