import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Deployment } from "@opengradient/bindings";
import { deploySystem, devnetTiers, mined, type SystemOptions, transfer, type Writer } from "@opengradient/protocol";
import { type Address, createPublicClient, createWalletClient, type Transport } from "viem";
import { DEVNET_CHAIN_ID, DEVNET_NAMES, devnetAccount, devnetAddress } from "./accounts.ts";
import { readArtifacts } from "./artifacts.ts";
import { chainOf } from "./connect.ts";

/** A chain in this process that answers JSON-RPC over HTTP. */
export type LocalChain = { readonly url: string; close(): Promise<void> };

export type LocalChainOptions = {
  readonly port?: number;
  /** milliseconds between blocks that nobody asked for, 0 for none; every transaction is mined at once beside */
  readonly blockInterval?: number;
};

/** A fresh chain with Ethereum's present rules, its block and transaction gas caps included. */
async function devnetNetwork(blockInterval: number) {
  const devnet = {
    type: "edr-simulated",
    chainType: "l1",
    hardfork: "osaka",
    chainId: DEVNET_CHAIN_ID,
    mining: { auto: true, interval: blockInterval },
    allowBlocksWithSameTimestamp: true,
    loggingEnabled: false,
  } as const;
  // Hardhat is large, and most commands start no chain.
  const { createHardhatRuntimeEnvironment } = await import("hardhat/hre");
  // It wants to stand in a package, wherever we were called from.
  const project = dirname(fileURLToPath(import.meta.resolve("@opengradient/contracts/package.json")));
  const { network } = await createHardhatRuntimeEnvironment({ networks: { devnet } }, {}, project);
  return network;
}

export async function startChain({ port, blockInterval = 1000 }: LocalChainOptions = {}): Promise<LocalChain> {
  const network = await devnetNetwork(blockInterval);
  const server = await network.createServer("devnet", "127.0.0.1", port);
  const at = await server.listen();
  return { url: `http://${at.address}:${at.port}`, close: () => server.close() };
}

/** The same without a server: its provider, for tests. */
export async function openChain() {
  const { provider, close } = await (await devnetNetwork(0)).create("devnet");
  return { provider, close };
}

export const OPG = 10n ** 18n;
const SUPPLY = 1_000_000_000n * OPG;
const GRANT = 1_000_000n * OPG;

/** The money and clocks of a devnet: short, and not for value. */
export function devnetSystem(tiers = devnetTiers): SystemOptions {
  const others = DEVNET_NAMES.slice(1).map((name) => ({ to: devnetAddress(name), amount: GRANT }));
  const rest = SUPPLY - GRANT * BigInt(others.length);
  return {
    genesis: [{ to: devnetAddress("deployer"), amount: rest }, ...others],
    faultBond: 10_000n * OPG,
    thawPeriod: 7 * 86_400,
    tiers,
    auditPool: devnetAddress("pool"),
    guardian: devnetAddress("guardian"),
    proofBond: 10n * OPG,
    channelThaw: 600,
    baseFeeFloor: 10n ** 7n,
    chain: "devnet",
  };
}

/** Deploys the whole system from the devnet's deployer. */
export async function deployDevnet(transport: Transport, options = devnetSystem()): Promise<Deployment> {
  // `viem/chains` knows it too, and takes longer to read than most commands to run.
  const devnet = chainOf(DEVNET_CHAIN_ID, "http://127.0.0.1:8545");
  const chain = createPublicClient({ chain: devnet, transport, pollingInterval: 20 });
  const wallet = createWalletClient({ account: devnetAccount(0), chain: devnet, transport });
  return deploySystem({ chain, wallet, chainId: DEVNET_CHAIN_ID }, readArtifacts(), options);
}

type Rpc = (method: string, params: readonly unknown[]) => Promise<unknown>;

const rpcOf =
  (url: string): Rpc =>
  async (method, params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };

export type Gift = { readonly opg: bigint; readonly native: bigint };

/** Sends test money. */
export async function give(from: Writer, to: Address, { opg, native }: Gift): Promise<void> {
  const hash = await from.wallet.sendTransaction({ to, value: native });
  await mined(from, hash);
  await transfer(from, { to, amount: opg });
}

/** Moves the devnet's clock forward and mines a block there. */
export async function advance(url: string, seconds: number): Promise<void> {
  const rpc = rpcOf(url);
  await rpc("evm_increaseTime", [`0x${Math.max(1, Math.ceil(seconds)).toString(16)}`]);
  await rpc("evm_mine", []);
}
