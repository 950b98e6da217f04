import type { Deployment } from "@opengradient/bindings";
import { readArtifacts } from "@opengradient/cli";
import { deploySystem, devnetParameters, type Parameters, type Writer } from "@opengradient/protocol";
import { type Account, createPublicClient, createWalletClient, type Hex, http, type PublicClient } from "viem";
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import { hardhat } from "viem/chains";
import { startEvm } from "./evm.ts";

export type Chain = {
  readonly url: string;
  readonly client: PublicClient;
  /** lets time pass and mines a block */
  advance(seconds: number): Promise<void>;
  setAutomine(on: boolean): Promise<void>;
  snapshot(): Promise<Hex>;
  revert(id: Hex): Promise<void>;
  close(): Promise<void>;
};

/** An Osaka chain behind a JSON-RPC port of its own, so that daemons in other processes reach it too. */
export async function startChain(): Promise<Chain> {
  const { url, close } = await startEvm();
  const client = createPublicClient({ chain: hardhat, transport: http(url), cacheTime: 0, pollingInterval: 20 });
  const ask = (method: string, params: unknown[] = []) => client.request({ method, params } as never);
  return {
    url,
    client: client as PublicClient,
    async advance(seconds) {
      await ask("evm_increaseTime", [seconds]);
      await ask("evm_mine");
    },
    setAutomine: async (on) => void (await ask("evm_setAutomine", [on])),
    snapshot: () => ask("evm_snapshot") as Promise<Hex>,
    revert: async (id) => void (await ask("evm_revert", [id])),
    close,
  };
}

const MNEMONIC = "test test test test test test test test test test test junk";

export const rich = mnemonicToAccount(MNEMONIC);

export const newKey = (): Hex => generatePrivateKey();

export const OPG = 10n ** 18n;

/** Clocks of seconds, so that a story takes a few dozen blocks. */
export const quick: Parameters = { ...devnetParameters, window: 300, reaction: 60, answer: 60, grace: 60 };

export function writerOf(chain: Chain, deployment: Deployment, account: Account): Writer {
  return {
    chain: chain.client,
    chainId: hardhat.id,
    addresses: deployment,
    wallet: createWalletClient({ account, chain: hardhat, transport: http(chain.url) }),
  };
}

export function deploy(chain: Chain, tiers: readonly Parameters[] = [quick]): Promise<Deployment> {
  const writer = {
    chain: chain.client,
    chainId: hardhat.id,
    wallet: createWalletClient({ account: rich, chain: hardhat, transport: http(chain.url) }),
  };
  return deploySystem(writer, readArtifacts(), {
    genesis: [{ to: rich.address, amount: 1_000_000_000n * OPG }],
    faultBond: 10_000n * OPG,
    thawPeriod: 4 * 24 * 3_600,
    tiers,
    auditPool: privateKeyToAccount(`0x${"77".repeat(32)}`).address,
    guardian: rich.address,
    proofBond: 100n * OPG,
    channelThaw: 3600,
    baseFeeFloor: 10n ** 9n,
    chain: "devnet",
  });
}
