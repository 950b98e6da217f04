import { join } from "node:path";
import type { Deployment } from "@opengradient/bindings";
import { compile, type Engine, load } from "@opengradient/engine";
import { type Lie, liar, modelOf, type Node, parseConfig, silentLog, startNode, writeModel } from "@opengradient/node";
import {
  authorise,
  type Done,
  devnetParameters,
  ensureAllowance,
  type Parameters,
  register,
  restore,
  stake,
  updateOperator,
  type Writer,
} from "@opengradient/protocol";
import { createWalletClient, type Hex, http, maxUint256 } from "viem";
import { DEVNET_NAMES, devnetAccount } from "../chain/accounts.ts";
import { chainOf, type Place, readerOf } from "../chain/connect.ts";
import { keyOf as devnetKey } from "../chain/keys.ts";
import { advance, deployDevnet, devnetSystem, type LocalChain, OPG, startChain } from "../chain/local.ts";
import { publishModel } from "../chain/publish.ts";
import { scratchFolder } from "../ending.ts";
import { importModel, type Model } from "../model/import.ts";
import type { ActorName } from "./actors.ts";
import { digitsFile } from "./images.ts";

export const ROYALTY_BPS = 250;
export const FEE = 2n * OPG;
export const COVERAGE = 100n * OPG;
const STAKES = { operator: 50_000n * OPG, operator2: 100_000n * OPG };
const MOST_COVERAGE = 1_000n * OPG;

/** A chain with everything on it, the model, the operators' stake, and the watcher at work. */
export type Stage = {
  readonly chain: LocalChain;
  readonly deployment: Deployment;
  readonly tier: Parameters;
  readonly faultBond: bigint;
  readonly model: Model;
  readonly engine: Engine;
  /** the honest operator's node, and the watcher's */
  readonly operator: Node;
  readonly watcher: Node;
  readonly publishing: bigint;
  writer(name: ActorName): Writer;
  /** Lets the other operator work, with this lie; its node is to be stopped. */
  startLiar(lie: Lie, seed: number): Promise<Node>;
  /** Back from jail: its stake still covers the fault bond. */
  restoreLiar(): Promise<Done>;
  /** Moves the chain's clock. */
  pass(seconds: number): Promise<void>;
  close(): Promise<void>;
};

export type StageOptions = { readonly progress: (what: string) => void };

export async function buildStage({ progress }: StageOptions): Promise<Stage> {
  const folder = scratchFolder("demo");
  const closing: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    progress("starting a local chain …");
    const chain = await startChain({ blockInterval: 100 });
    closing.push(() => chain.close());
    progress("deploying the contracts …");
    const system = devnetSystem([devnetParameters]);
    const deployment = await deployDevnet(http(chain.url), system);
    const place = { rpc: chain.url, deployment };
    const writer = writersOf(place);
    progress("importing and publishing the model …");
    const model = importModel(digitsFile());
    const { gas } = await publishModel(writer("author"), model, { royaltyBps: ROYALTY_BPS, uri: "" });
    const engine = await load(await compile(model.program), model.weights);
    const { sourceHash, compilerHash } = model.roots;
    const stored = modelOf({ name: "digits", sourceHash, compilerHash }, model.program, model.weights);
    const models = [join(folder, "model")];
    writeModel(models[0]!, stored);
    progress("staking …");
    for (const name of ["operator", "operator2"] as const)
      await enrol(writer(name), model.roots.modelRoot, STAKES[name]);
    for (const name of ["requester", "requester2"] as const)
      await ensureAllowance(writer(name), { spender: deployment.market, amount: maxUint256 });
    await ensureAllowance(writer("challenger"), { spender: deployment.disputes, amount: maxUint256 });

    const common = { rpcUrl: chain.url, deployment, models, pollMs: 60, depth: 0 };
    const roleOf = (name: ActorName) => ({ owner: writer(name).wallet.account.address, key: keyOf(name) });
    progress("starting the nodes …");
    const start = async (name: string, config: object, lie: Lie = "none", seed = 1): Promise<Node> => {
      const dataDir = join(folder, name);
      return startNode(parseConfig({ ...common, ...config, dataDir }), { ...liar(lie, seed), log: silentLog });
    };
    const operator = await start("operator", { operator: { ...roleOf("operator"), postOpened: true } });
    closing.push(() => operator.stop());
    const watcher = await start("watcher", { watcher: { mode: "defend", key: keyOf("challenger") } });
    closing.push(() => watcher.stop());
    await announce(writer("operator"), operator.url);
    return {
      chain,
      deployment,
      tier: devnetParameters,
      faultBond: system.faultBond,
      model,
      engine,
      operator,
      watcher,
      publishing: gas,
      writer,
      async startLiar(lie, seed) {
        const postOpened = lie !== "silent" && lie !== "withhold";
        const node = await start(`liar-${lie}`, { operator: { ...roleOf("operator2"), postOpened } }, lie, seed);
        await announce(writer("operator2"), node.url);
        return node;
      },
      restoreLiar: () => restore(writer("operator2"), {}),
      pass: (seconds) => advance(chain.url, seconds),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function writersOf(place: Place): (name: ActorName) => Writer {
  const reader = readerOf(place);
  const chain = chainOf(reader.chainId, place.rpc);
  const writers = new Map<string, Writer>();
  return (name) => {
    const known = writers.get(name);
    if (known) return known;
    const account = devnetAccount(DEVNET_NAMES.indexOf(name));
    const fresh = { ...reader, wallet: createWalletClient({ account, chain, transport: http(place.rpc) }) };
    writers.set(name, fresh);
    return fresh;
  };
}

const keyOf = (account: ActorName): Hex => devnetKey({ account }, true);

async function enrol(writer: Writer, modelRoot: Hex, amount: bigint): Promise<void> {
  const own = writer.wallet.account.address;
  const offers = [{ modelRoot, fee: FEE, maxCoverage: MOST_COVERAGE }];
  await register(writer, { signer: own, payee: own, endpoint: "", offers });
  await authorise(writer, { court: writer.addresses.market });
  await ensureAllowance(writer, { spender: writer.addresses.staking, amount });
  await stake(writer, { operator: own, amount });
}

/** Where an operator is reached: known only once its node listens. */
async function announce(writer: Writer, endpoint: string): Promise<void> {
  const own = writer.wallet.account.address;
  await updateOperator(writer, { payee: own, endpoint });
}
