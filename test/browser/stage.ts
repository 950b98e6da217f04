import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Deployment, opgAbi } from "@opengradient/bindings";
import { devnetAccount, servePage } from "@opengradient/cli";
import type { Lie } from "@opengradient/node";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { createPublicClient, type Hex, http, type PublicClient } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import type { OperatorConfig } from "./operatorProcess.ts";
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
/** Another operator, in a process of its own. */
export type OperatorProcess = {
  readonly address: Hex;
  /** as the page names somebody that it does not know */
  readonly name: string;
  /** Ends the process as a power cut would; resolves when it is gone. */
  kill(): Promise<void>;
};
export type Stage = {
  readonly network: Visited;
  readonly chain: PublicClient;
  readonly browser: Browser;
  /** A visitor with a fresh wallet in a browser of their own. */
  visitor(name: string, options?: VisitorOptions): Promise<Person>;
  /** An operator that lies, by the index of its devnet account. */
  operator(account: number, lie: Lie): Promise<OperatorProcess>;
  opgOf(address: Hex): Promise<bigint>;
  /** Lets the chain's clock jump. */
  travel(seconds: number): Promise<void>;
  close(): Promise<void>;
};

/** Milliseconds that a page may take for one thing: stories end sooner only where it can not be done. */
const PATIENCE = 90_000;

type VisitorOptions = {
  readonly dark?: boolean;
  readonly phone?: boolean;
  readonly chainId?: number;
  readonly isolated?: boolean;
};

/** `og start` in a process of its own, and a Chromium. */
export async function openStage(executablePath: string): Promise<Stage> {
  mkdirSync(PICTURES, { recursive: true });
  // The stories are about visitors: the watcher leaves them everything.
  const og = spawn("og", ["start", "--json", "--port", "0", "--rpc-port", "0", "--watcher-waits", "86400"], {
    cwd: root,
  });
  const network = await firstLine(og)
    .then((line) => JSON.parse(line) as Network)
    .catch((error) => {
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
  const browser = await chromium.launch({ executablePath, args: flags.split(" "), timeout: PATIENCE });
  const others: OperatorProcess[] = [];
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
      context.setDefaultTimeout(PATIENCE);
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
    async operator(account, lie) {
      const other = await startOperator({ network, account, lie });
      others.push(other);
      return other;
    },
    opgOf: (address) =>
      chain.readContract({
        address: network.deployment.opg,
        abi: opgAbi,
        functionName: "balanceOf",
        args: [address],
      }),
    async travel(seconds) {
      const ask = chain.request as (request: { method: string; params: unknown[] }) => Promise<unknown>;
      await ask({ method: "evm_increaseTime", params: [`0x${seconds.toString(16)}`] });
      await ask({ method: "evm_mine", params: [] });
    },
    async close() {
      await browser.close();
      for (const other of others) await other.kill();
      await isolatedPage.close();
      og.kill("SIGINT");
      const code = await ended;
      if (code !== 0) throw new Error(`og start ended with ${code} on Ctrl-C`);
    },
  };
}

async function startOperator(config: Omit<OperatorConfig, "folder">): Promise<OperatorProcess> {
  const folder = mkdtempSync(join(tmpdir(), "og-operator-"));
  const script = fileURLToPath(new URL("operatorProcess.ts", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify({ ...config, folder })]);
  const gone = new Promise<void>((done) => child.once("exit", () => done()));
  const kill = async () => {
    child.kill("SIGKILL");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  await firstLine(child).catch(async (error) => {
    await kill();
    throw error;
  });
  const { address } = devnetAccount(config.account);
  return { address, name: `${address.slice(0, 6)}…${address.slice(-4)}`, kill };
}

/** What a process says first. @throws with all that it said, when it ends without */
function firstLine(process: ReturnType<typeof spawn>): Promise<string> {
  return new Promise((done, fail) => {
    let out = "";
    let said = "";
    process.stderr!.on("data", (part) => {
      said += part;
    });
    process.stdout!.on("data", (part) => {
      out += part;
      const line = out.indexOf("\n");
      if (line >= 0) done(out.slice(0, line));
    });
    process.once("exit", (code) => fail(new Error(`it ended with ${code}: ${said}${out}`)));
  });
}
