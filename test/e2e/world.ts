import type { Deployment } from "@opengradient/bindings";
import { opgAbi } from "@opengradient/bindings";
import {
  DEVNET_CHAIN_ID,
  DEVNET_NAMES,
  type DevnetName,
  deployDevnet,
  devnetAccount,
  devnetSystem,
  encodeModel,
  importModel,
  type Model,
  publishModel,
} from "@opengradient/cli";
import { concatBytes, keccak, toHex } from "@opengradient/commitments";
import type { Model as PlayerModel } from "@opengradient/dispute";
import { compile, load } from "@opengradient/engine";
import { type Program, type Tensor, tensorRootOf } from "@opengradient/program";
import {
  authorise,
  devnetParameters,
  ensureAllowance,
  parametersHash,
  type Reader,
  register,
  stake,
  type Writer,
} from "@opengradient/protocol";
import { type Address, createPublicClient, createWalletClient, type Hex, maxUint256 } from "viem";
import { hardhat } from "viem/chains";
import { openEvm } from "../chain/evm.ts";

export const OPG = 10n ** 18n;

/** The clocks of these stories, in seconds: short, and each of another length. */
const CLOCKS = { ...devnetParameters, window: 600, reaction: 90, answer: 120, freeze: 400, grace: 200 };

/** The clock begins at a full hour that is the same in every run: times in calldata, by their zeros, cost gas. */
const START = 3_600 * 527_780;

/** A real chain in this process with the real contracts on it, and somebody for every role. */
export type World = {
  readonly deployment: Deployment;
  readonly reader: Reader;
  readonly tier: typeof CLOCKS;
  readonly tierHash: Hex;
  writer(name: DevnetName): Writer;
  address(name: DevnetName): Address;
  now(): Promise<number>;
  block(): Promise<number>;
  /** Mines a block so many seconds later. */
  advance(seconds: number): Promise<void>;
  mine(blocks: number): Promise<void>;
  /** Runs a story and takes everything back afterwards. */
  apart<T>(story: () => Promise<T>): Promise<T>;
  opgOf(address: Address): Promise<bigint>;
  ethOf(address: Address): Promise<bigint>;
  close(): Promise<void>;
};

export async function createWorld(tier = CLOCKS): Promise<World> {
  const { transport, close } = await openEvm();
  const chain = createPublicClient({ chain: hardhat, transport, pollingInterval: 1, cacheTime: 0 });
  const rpc = (method: string, params: readonly unknown[] = []) => chain.request({ method, params } as never);
  await rpc("evm_setNextBlockTimestamp", [`0x${START.toString(16)}`]);
  const deployment = await deployDevnet(transport, devnetSystem([tier]));
  const { chainId, block: _, ...addresses } = deployment;
  const reader: Reader = { chain, addresses, chainId };
  const writers = new Map(
    DEVNET_NAMES.map((name, index) => {
      const wallet = createWalletClient({ account: devnetAccount(index), chain: hardhat, transport });
      return [name, { ...reader, wallet } satisfies Writer];
    }),
  );
  const writer = (name: DevnetName): Writer => writers.get(name)!;
  return {
    deployment,
    reader,
    tier,
    tierHash: parametersHash(tier),
    writer,
    address: (name) => writer(name).wallet.account.address,
    now: async () => Number((await chain.getBlock()).timestamp),
    block: async () => Number(await chain.getBlockNumber()),
    advance: async (seconds) => {
      await rpc("evm_increaseTime", [`0x${seconds.toString(16)}`]);
      await rpc("evm_mine");
    },
    mine: async (blocks) => {
      await rpc("hardhat_mine", [`0x${blocks.toString(16)}`]);
    },
    apart: async (story) => {
      const { timestamp } = await chain.getBlock();
      const snapshot = await rpc("evm_snapshot");
      try {
        return await story();
      } finally {
        await rpc("evm_revert", [snapshot]);
        // Anvil goes back, and its clock does not.
        await rpc("evm_setNextBlockTimestamp", [`0x${(timestamp + 1n).toString(16)}`]);
        await rpc("evm_mine");
      }
    },
    opgOf: (address) =>
      chain.readContract({ address: addresses.opg, abi: opgAbi, functionName: "balanceOf", args: [address] }),
    ethOf: (address) => chain.getBalance({ address }),
    close,
  };
}

export { DEVNET_CHAIN_ID };

/** Everything that a story needs of a published model. */
export type Published = {
  readonly modelRoot: Hex;
  readonly program: Program;
  readonly weights: readonly Tensor[];
  readonly player: PlayerModel;
  /** results of all kernels, by the engine */
  readonly run: (inputs: readonly Tensor[]) => readonly Uint8Array[];
};

async function published(model: Pick<Model, "program" | "weights" | "roots">): Promise<Published> {
  const { program, weights, roots } = model;
  const engine = await load(await compile(program), weights);
  const run: Published["run"] = (inputs) => engine.trace(inputs).results;
  return { modelRoot: roots.modelRoot, program, weights, player: playerModel(program, weights), run };
}

const playerModel = (program: Program, weights: readonly Tensor[]): PlayerModel => ({
  program,
  weights: weights.map(({ data }) => data),
  weightRoots: concatBytes(weights.map(tensorRootOf)),
});

/** Publishes a Program that came from no file. */
export async function publishProgram(world: World, program: Program, weights: readonly Tensor[]): Promise<Published> {
  const hashes = { sourceHash: toHex(keccak(Uint8Array.of(1))), compilerHash: toHex(keccak(Uint8Array.of(2))) };
  const encoded = encodeModel(program, weights, hashes);
  const model = { program, weights, inputs: [], outputs: [], labels: [], notes: [], ...encoded };
  await publishModel(world.writer("author"), model, { royaltyBps: 250, uri: "" });
  return published(model);
}

export async function publishOnnx(world: World, file: Uint8Array): Promise<Published> {
  const model = importModel(file);
  await publishModel(world.writer("author"), model, { royaltyBps: 250, uri: "" });
  return published(model);
}

export const STAKE = 60_000n * OPG;

/** Operators with stake, and everyone's allowances, so that stories are about something else. */
export async function settleIn(world: World): Promise<void> {
  for (const name of ["operator", "operator2"] as const) {
    const writer = world.writer(name);
    const own = writer.wallet.account.address;
    await register(writer, { signer: own, payee: own, endpoint: "", offers: [] });
    await authorise(writer, { court: world.deployment.market });
    await ensureAllowance(writer, { spender: world.deployment.staking, amount: maxUint256 });
    await stake(writer, { operator: own, amount: STAKE });
  }
  for (const name of ["requester", "requester2"] as const)
    await ensureAllowance(world.writer(name), { spender: world.deployment.market, amount: maxUint256 });
  for (const name of ["challenger", "requester2"] as const)
    await ensureAllowance(world.writer(name), { spender: world.deployment.disputes, amount: maxUint256 });
}
