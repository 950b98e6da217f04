import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Deployment, deploymentOf } from "@opengradient/bindings";
import { deploymentSchema } from "@opengradient/node";
import type { Reader, Writer } from "@opengradient/protocol";
import type { Command } from "commander";
import { type Chain, createPublicClient, createWalletClient, defineChain, http } from "viem";
import { z } from "zod";
import { CommandError, EXIT } from "../failure.ts";
import { DEVNET_CHAIN_ID } from "./accounts.ts";
import { accountOf, type KeyOptions, keyOptions } from "./keys.ts";

export const DEVNET_FILE = ".og/devnet.json";

export type ChainOptions = { rpc?: string; deployment?: string };
export type SigningOptions = ChainOptions & KeyOptions;

/** A system on a chain, and where that chain answers. */
export type Place = { readonly rpc: string; readonly deployment: Deployment };

const placeSchema = z.object({ rpc: z.url(), deployment: deploymentSchema });

export const chainOptions = (command: Command): Command =>
  command
    .option("--rpc <url>", "JSON-RPC of the chain (default: OG_RPC, or the devnet that runs here)")
    .option("--deployment <file>", `addresses of the contracts (default: OG_DEPLOYMENT, or ${DEVNET_FILE})`);

export const signingOptions = (command: Command): Command => keyOptions(chainOptions(command));

export function writePlace(path: string, place: Place): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(place, null, 2)}\n`);
}

function readPlace(path: string): Place {
  const parsed = (() => {
    try {
      return placeSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
    } catch (cause) {
      throw new CommandError(`${path}: this is not JSON`, { cause });
    }
  })();
  if (!parsed.success) throw new CommandError(`${path}: no deployment: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Where the chain and the contracts are. @throws CommandError that says how to name them */
export async function placeOf({ rpc, deployment }: ChainOptions): Promise<Place> {
  const file = deployment ?? process.env["OG_DEPLOYMENT"] ?? (existsSync(DEVNET_FILE) ? DEVNET_FILE : undefined);
  const url = rpc ?? process.env["OG_RPC"];
  if (file !== undefined) {
    if (!existsSync(file)) throw new CommandError(`${file}: there is no such file`);
    const place = readPlace(file);
    return url === undefined ? place : { ...place, rpc: url };
  }
  const todo = "start a local chain with: og devnet, or give --rpc URL and --deployment FILE";
  if (url === undefined)
    throw new CommandError("no chain is given, and no devnet was started in this folder", { todo });
  const chainId = await createPublicClient({ transport: http(url) })
    .getChainId()
    .catch((cause: unknown) => {
      throw new CommandError(`${url}: the chain does not answer`, { code: EXIT.chain, cause });
    });
  const known = deploymentOf(chainId);
  if (!known)
    throw new CommandError(`no public system is known on chain ${chainId}`, { todo: "give --deployment FILE" });
  return { rpc: url, deployment: known };
}

export function chainOf(chainId: number, rpc: string): Chain {
  return defineChain({
    id: chainId,
    name: chainId === DEVNET_CHAIN_ID ? "devnet" : `chain ${chainId}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpc] } },
  });
}

export function readerOf({ rpc, deployment }: Place): Reader {
  const { chainId, block: _, ...addresses } = deployment;
  const chain = createPublicClient({ chain: chainOf(chainId, rpc), transport: http(rpc), pollingInterval: 100 });
  return { chain, addresses, chainId };
}

/** Checks on the way that the chain answers and is the one that the deployment names. */
export async function connect(options: ChainOptions): Promise<{ place: Place; reader: Reader }> {
  const place = await placeOf(options);
  const reader = readerOf(place);
  const chainId = await reader.chain.getChainId().catch((cause: unknown) => {
    throw new CommandError(`${place.rpc}: the chain does not answer`, {
      code: EXIT.chain,
      cause,
      todo: "is it running? a devnet is started with: og devnet",
    });
  });
  if (chainId !== place.deployment.chainId)
    throw new CommandError(`${place.rpc} is chain ${chainId}; the deployment is on chain ${place.deployment.chainId}`);
  return { place, reader };
}

export async function connectSigning(options: SigningOptions): Promise<{ place: Place; writer: Writer }> {
  const { place, reader } = await connect(options);
  const account = accountOf(options, reader.chainId === DEVNET_CHAIN_ID);
  const wallet = createWalletClient({ account, chain: chainOf(reader.chainId, place.rpc), transport: http(place.rpc) });
  return { place, writer: { ...reader, wallet } };
}
