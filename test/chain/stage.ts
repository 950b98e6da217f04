import { type Deployment, opgAbi } from "@opengradient/bindings";
import { toHex } from "@opengradient/commitments";
import {
  type Lie,
  liar,
  type Node,
  type NodeConfigInput,
  type NodeParts,
  parseConfig,
  type StoredModel,
  silentLog,
  startNode,
  uploadInput,
} from "@opengradient/node";
import { encodeHeader, encodeKernel, tensorsRoot } from "@opengradient/program";
import {
  authorise,
  BUILT_LEVELS,
  type Claim,
  type ClaimStatus,
  claimStanding,
  ensureAllowance,
  mined,
  type Package,
  type Parameters,
  type ProtocolEvent,
  packageInput,
  parametersHash,
  publish,
  readEvents,
  register,
  request,
  stake,
  transfer,
  type Writer,
} from "@opengradient/protocol";
import { type Address, type Hex, parseEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { scratch } from "../../packages/node/test/scratch.ts";
import { type Chain, deploy, newKey, OPG, quick, rich, startChain, writerOf } from "./chain.ts";
import { modelFolder, toyModel } from "./toy.ts";

/** A chain with the whole system on it and one published model. */
export type Stage = {
  readonly chain: Chain;
  readonly deployment: Deployment;
  readonly model: StoredModel;
  readonly folder: string;
  readonly author: Writer;
  readonly events: () => Promise<ProtocolEvent[]>;
  readonly balance: (account: Address) => Promise<bigint>;
  /** nodes that a test started and did not stop */
  readonly running: Set<Node>;
  readonly stop: (node: Node) => Promise<void>;
  readonly stopNodes: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export async function openStage(model = toyModel(), tiers: readonly Parameters[] = [quick]): Promise<Stage> {
  const chain = await startChain();
  const deployment = await deploy(chain, tiers);
  const author = writerOf(chain, deployment, rich);
  const running = new Set<Node>();
  const stop = (node: Node): Promise<void> => {
    running.delete(node);
    return node.stop();
  };
  await publish(author, {
    header: toHex(encodeHeader(model.program)),
    descriptors: model.program.kernels.map((kernel) => toHex(encodeKernel(kernel))),
    origin: {
      weightsRoot: toHex(tensorsRoot(model.weights)),
      sourceHash: model.sourceHash,
      compilerHash: model.compilerHash,
    },
    metadata: { royaltyBps: 500, uri: "" },
  });
  return {
    chain,
    deployment,
    model,
    folder: modelFolder(model),
    author,
    events: async () => readEvents(author, { from: 0n, to: await chain.client.getBlockNumber() }),
    balance: (account) =>
      chain.client.readContract({
        address: deployment.opg,
        abi: opgAbi,
        functionName: "balanceOf",
        args: [account],
      }),
    running,
    stop,
    async stopNodes() {
      await Promise.all([...running].map(stop));
    },
    close: chain.close,
  };
}

/** A fresh account with native coin and OPG. */
export async function newActor({ chain, deployment, author }: Stage, opg: bigint): Promise<Writer & { key: Hex }> {
  const key = newKey();
  const account = privateKeyToAccount(key);
  const hash = await author.wallet.sendTransaction({ to: account.address, value: parseEther("10") });
  await mined(author, hash);
  if (opg) await transfer(author, { to: account.address, amount: opg });
  return { ...writerOf(chain, deployment, account), key };
}

export const FEE = OPG;
export const COVERAGE = 100n * OPG;
export const STAKE = 50_000n * OPG;

export type OperatorActor = { readonly owner: Writer; readonly hot: Writer & { key: Hex } };

/** Registers an operator under an endpoint, stakes, opts in. */
export async function newOperator(stage: Stage): Promise<OperatorActor & { enlist: (url: string) => Promise<void> }> {
  const owner = await newActor(stage, STAKE);
  const hot = await newActor(stage, 0n);
  const { address } = owner.wallet.account;
  const { modelRoot } = stage.model;
  return {
    owner,
    hot,
    async enlist(endpoint) {
      const offers = [{ modelRoot, fee: FEE, maxCoverage: 100n * COVERAGE }];
      await register(owner, { signer: hot.wallet.account.address, payee: address, endpoint, offers });
      await ensureAllowance(owner, { spender: stage.deployment.staking, amount: STAKE });
      await stake(owner, { operator: address, amount: STAKE });
      await authorise(owner, { court: stage.deployment.market });
    },
  };
}

export const nodeConfig = ({ chain, deployment, folder }: Stage, more: Partial<NodeConfigInput>): NodeConfigInput => ({
  dataDir: scratch(),
  rpcUrl: chain.url,
  deployment,
  models: [folder],
  pollMs: 20,
  depth: 0,
  ...more,
});

export type Playing = { readonly node: Node; readonly operator: OperatorActor };

/** An operator's node on the chain; it lies as told. */
export const startOperator = (stage: Stage, lie: Lie = "none", postOpened = false): Promise<Playing> =>
  startOperatorOf(stage, liar(lie, 3), postOpened);

/** The same made of other parts, and one that believes only what has so many blocks on top. */
export async function startOperatorOf(stage: Stage, parts: NodeParts, postOpened = false, depth = 0): Promise<Playing> {
  const operator = await newOperator(stage);
  const role = { owner: operator.owner.wallet.account.address, key: operator.hot.key, postOpened };
  const config = parseConfig(nodeConfig(stage, { operator: role, depth }));
  const node = await startNode(config, { log: silentLog, ...parts });
  stage.running.add(node);
  await operator.enlist(node.url);
  return { node, operator };
}

export type WatcherOptions = {
  readonly mostNative?: string;
  /** seconds from a claim's post in which it only looks */
  readonly patience?: number;
  readonly dataDir?: string;
  /** whose key it has, to start it again */
  readonly actor?: Writer & { key: Hex };
};

export async function startWatcher(
  stage: Stage,
  mode: "watch" | "defend",
  { mostNative = "0.25", patience = 0, dataDir = scratch(), actor: former }: WatcherOptions = {},
): Promise<{ node: Node; actor: Writer & { key: Hex } }> {
  const actor = former ?? (await newActor(stage, 1_000n * OPG));
  const watcher = mode === "watch" ? { mode } : { mode, key: actor.key, mostNative, patience };
  const node = await startNode(parseConfig(nodeConfig(stage, { watcher, dataDir })), { log: silentLog });
  stage.running.add(node);
  return { node, actor };
}

/** Asks an operator and hands it the input. */
export async function ask(stage: Stage, requester: Writer, operator: OperatorActor, input: Package) {
  await ensureAllowance(requester, { spender: stage.deployment.market, amount: FEE });
  const { timestamp } = await stage.chain.client.getBlock();
  const terms = {
    modelRoot: stage.model.modelRoot,
    input: packageInput(input),
    operator: operator.owner.wallet.account.address,
    fee: FEE,
    coverage: COVERAGE,
    level: BUILT_LEVELS,
    parameters: parametersHash(quick),
    deadline: timestamp + 3_600n,
  };
  const { result: requestId } = await request(requester, terms);
  return { requestId, terms };
}

export const give = (node: Node, input: Package) => uploadInput(node.url, input, { tries: 1_500, wait: 20 });

/** Waits, without letting the chain's time pass. */
export async function until<T>(what: string, get: () => Promise<T | undefined>, tries = 1_500): Promise<T> {
  for (let left = tries; left > 0; left--) {
    const found = await get();
    if (found !== undefined) return found;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`waited in vain for ${what}`);
}

export const postedClaim = (stage: Stage, requestId: bigint): Promise<Claim> =>
  until(`an answer to request ${requestId}`, async () => {
    const found = (await stage.events()).find(({ name, args }) => name === "Posted" && args["requestId"] === requestId);
    return found?.args["claim"] as Claim | undefined;
  });

type Turns = Readonly<Partial<Record<"chain" | "watcher", number>>>;

const turnsOf = async ({ url }: Node): Promise<Turns> => {
  const { turns } = (await (await fetch(`${url}/status`)).json()) as { turns: Turns };
  return turns;
};

/** Waits for a whole turn of a loop that begins after now: the first to end may have begun before. */
async function wholeTurn(node: Node, loop: keyof Turns): Promise<void> {
  const before = (await turnsOf(node))[loop];
  if (before !== undefined)
    await until(`a turn of the ${loop}`, async () => (await turnsOf(node))[loop]! >= before + 2 || undefined);
}

/**
 * Waits until the nodes have done all that they can do at the chain's present time: no machine is so slow that its clock
 * leaves them behind. What a watcher decides the loop of the chain sends, and that brings a block, which all look at anew.
 */
export async function settled({ chain, running }: Stage): Promise<void> {
  for (let block: bigint | undefined; ; ) {
    const head = await chain.client.getBlockNumber();
    if (head === block) return;
    block = head;
    for (const loop of ["chain", "watcher", "chain"] as const)
      await Promise.all([...running].map((node) => wholeTurn(node, loop)));
  }
}

/** Lets the chain's time pass, so many seconds at a time, until it is there; the nodes do what they can in between. */
export async function passing<T>(stage: Stage, what: string, get: () => Promise<T | undefined>, step = 10): Promise<T> {
  for (let left = 200; left > 0; left--) {
    await settled(stage);
    const found = await get();
    if (found !== undefined) return found;
    await stage.chain.advance(step);
  }
  throw new Error(`let time pass in vain for ${what}`);
}

/** Seconds: longer than a window and its grace. */
export const OVER = quick.window + quick.grace + 1;

/** How a claim stands once it does; undefined while it is open. */
export async function endOf({ author }: Stage, claim: Claim): Promise<ClaimStatus | undefined> {
  const { status } = await claimStanding(author, claim);
  return status === "open" ? undefined : status;
}

export const untilDecided = (stage: Stage, claim: Claim, step?: number): Promise<ClaimStatus> =>
  passing(stage, "the claim's end", () => endOf(stage, claim), step);
