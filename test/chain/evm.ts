import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { DEVNET_CHAIN_ID, openChain, startChain } from "@opengradient/cli";
import { custom, http, type Transport } from "viem";

/** Implementations of the EVM that the stories run on. */
export const EVMS = ["hardhat", "anvil"] as const;
export type Evm = (typeof EVMS)[number];

/** `OG_EVM=anvil` takes foundry's; else Hardhat's. */
export const chosenEvm = (): Evm => {
  const name = process.env["OG_EVM"] ?? "hardhat";
  if (!EVMS.includes(name as Evm)) throw new Error(`OG_EVM=${name}: ${EVMS.join(" or ")}`);
  return name as Evm;
};

export type Server = { readonly url: string; close(): Promise<void> };

/** A fresh chain behind a port of its own. */
export const startEvm = (evm = chosenEvm()): Promise<Server> =>
  evm === "anvil" ? startAnvil() : startChain({ port: 0, blockInterval: 0 });

/** A fresh chain as a transport: in this process where it can be. */
export async function openEvm(evm = chosenEvm()): Promise<{ transport: Transport; close(): Promise<void> }> {
  if (evm === "hardhat") {
    const { provider, close } = await openChain();
    return { transport: custom(provider, { retryCount: 0 }), close };
  }
  const { url, close } = await startAnvil();
  return { transport: http(url, { retryCount: 0 }), close };
}

/** The binary itself, or undefined where there is none (it is installed on Linux x64 only). */
export function anvilBinary(): string | undefined {
  const contracts = fileURLToPath(import.meta.resolve("@opengradient/contracts/package.json"));
  try {
    const found = createRequire(contracts).resolve("@foundry-rs/anvil-linux-amd64/package.json");
    return join(dirname(found), "bin", "anvil");
  } catch {
    return undefined;
  }
}

/** With the rules of Ethereum's present fork, its cap of 16,777,216 gas a transaction included. */
async function startAnvil(): Promise<Server> {
  const binary = anvilBinary();
  if (binary === undefined) throw new Error("anvil is installed on Linux x64 only: leave OG_EVM away");
  const rules = ["--hardfork", "osaka", "--enable-tx-gas-limit", "--gas-limit", "60000000"];
  const args = [...rules, "--port", "0", "--chain-id", String(DEVNET_CHAIN_ID), "--accounts", "20"];
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    const at = /Listening on (\S+)/.exec(line);
    if (!at) continue;
    child.stdout.resume();
    return {
      url: `http://${at[1]}`,
      close: async () => {
        child.kill("SIGKILL");
        await gone;
      },
    };
  }
  throw new Error("anvil ended before it listened");
}
