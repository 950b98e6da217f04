import type { Deployment } from "@opengradient/bindings";
import type { Place } from "@opengradient/react";
import { type Address, type Chain, createPublicClient, defineChain, type Hex, http, isAddress } from "viem";

/** Where the page finds its chain: served beside it as network.json. */
export type Network = {
  readonly rpc: string;
  readonly deployment: Deployment;
  /** the model that the page asks */
  readonly model: Hex;
  /** by lower-case address, or by root */
  readonly names: Readonly<Record<string, string>>;
  /** POST here with an address gives test money; undefined where money is real */
  readonly faucet: string | undefined;
};

/** The page was put up without a usable network.json. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
}

/** @throws NetworkError */
export async function loadNetwork(): Promise<Network> {
  const response = await fetch("/network.json").catch(() => undefined);
  if (!response?.ok) throw new NetworkError("This page does not know its chain: network.json is missing beside it.");
  const found = (await response.json()) as Partial<Network>;
  const { deployment } = found;
  if (typeof found.rpc !== "string" || !found.model || !deployment || !isAddress(deployment.market))
    throw new NetworkError("network.json names no chain, no deployment or no model.");
  return { rpc: found.rpc, deployment, model: found.model, names: found.names ?? {}, faucet: found.faucet };
}

export const chainOf = ({ rpc, deployment: { chainId } }: Pick<Network, "rpc" | "deployment">): Chain =>
  defineChain({
    id: chainId,
    name: chainId === 31_337 ? "OpenGradient devnet" : `Chain ${chainId}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpc] } },
  });

export function placeOf(network: Pick<Network, "rpc" | "deployment">): Place {
  const { chainId, block, ...addresses } = network.deployment;
  const chain = createPublicClient({
    chain: chainOf(network),
    transport: http(network.rpc, { retryCount: 1, timeout: 5_000 }),
    pollingInterval: 500,
    cacheTime: 0,
  });
  return { reader: { chain: chain as Place["reader"]["chain"], addresses, chainId }, fromBlock: BigInt(block) };
}

/** Test money for an address. @throws Error in words */
export async function askFaucet({ faucet }: Network, to: Address): Promise<void> {
  const response = await fetch(`${faucet}${to}`, { method: "POST" });
  if (!response.ok) throw new Error(`the faucet refused: ${await response.text()}`);
}
