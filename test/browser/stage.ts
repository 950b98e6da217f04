import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Deployment } from "@opengradient/bindings";
import { servePage } from "@opengradient/cli";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { createPublicClient, type Hex, http, type PublicClient } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { injectWallet, type TestWallet } from "./wallet.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Where pictures of each step are kept. */
export const PICTURES = `${root}.results/browser`;

export type Network = {
  readonly url: string;
  readonly rpc: string;
  readonly deployment: Deployment;
  readonly model: Hex;
};
type Visited = Network & { readonly isolatedUrl: string };
export type Person = {
  readonly address: Hex;
  readonly wallet: TestWallet;
  readonly context: BrowserContext;
  readonly page: Page;
};
export type Stage = {
  readonly network: Visited;
  readonly chain: PublicClient;
  readonly browser: Browser;
  /** A visitor with a fresh wallet in a browser of their own. */
  visitor(name: string, options?: VisitorOptions): Promise<Person>;
  /** Lets the chain's clock jump. */
  travel(seconds: number): Promise<void>;
  close(): Promise<void>;
};

type VisitorOptions = {
  readonly dark?: boolean;
  readonly phone?: boolean;
  readonly chainId?: number;
  readonly isolated?: boolean;
};

/** `og start` in a process of its own, and a Chromium. */
export async function openStage(executablePath: string): Promise<Stage> {
  mkdirSync(PICTURES, { recursive: true });
  const og = spawn("og", ["start", "--json", "--port", "0", "--rpc-port", "0"], { cwd: root });
  const network = await firstLine(og).catch((error) => {
    og.kill();
    throw error;
  });
  const ended = new Promise<number | null>((done) => og.once("exit", done));
  const flags =
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run";
  const isolatedPage = await servePage({
    folder: `${root}apps/web/dist`,
    port: 0,
    network,
    give: () => Promise.reject(new Error("the faucet is at the other page")),
    isolated: true,
  });
  const browser = await chromium.launch({ executablePath, args: flags.split(" ") });
  const chain = createPublicClient({ transport: http(network.rpc), cacheTime: 0 });
  return {
    network: { ...network, isolatedUrl: isolatedPage.url },
    chain,
    browser,
    async visitor(name, options = {}) {
      const { dark = false, phone = false, isolated = false, chainId = network.deployment.chainId } = options;
      const context = await browser.newContext({
        colorScheme: dark ? "dark" : "light",
        viewport: phone ? { width: 390, height: 844 } : { width: 1240, height: 900 },
        reducedMotion: "reduce",
      });
      const account = privateKeyToAccount(generatePrivateKey());
      const wallet = await injectWallet(context, {
        name,
        account,
        rpc: network.rpc,
        chainId: network.deployment.chainId,
      });
      wallet.chainId = chainId;
      const page = await context.newPage();
      await page.goto(isolated ? isolatedPage.url : network.url);
      return { address: account.address, wallet, context, page };
    },
    async travel(seconds) {
      const ask = chain.request as (request: { method: string; params: unknown[] }) => Promise<unknown>;
      await ask({ method: "evm_increaseTime", params: [`0x${seconds.toString(16)}`] });
      await ask({ method: "evm_mine", params: [] });
    },
    async close() {
      await browser.close();
      await isolatedPage.close();
      og.kill("SIGINT");
      const code = await ended;
      if (code !== 0) throw new Error(`og start ended with ${code} on Ctrl-C`);
    },
  };
}

function firstLine(og: ReturnType<typeof spawn>): Promise<Network> {
  return new Promise((done, fail) => {
    let out = "";
    let said = "";
    og.stderr!.on("data", (part) => {
      said += part;
    });
    og.stdout!.on("data", (part) => {
      out += part;
      const line = out.indexOf("\n");
      if (line >= 0) done(JSON.parse(out.slice(0, line)) as Network);
    });
    og.once("exit", (code) => fail(new Error(`og start ended with ${code}: ${said}${out}`)));
  });
}
