/** `og start` as its user runs it: one URL, a faucet, operators that answer, and an end that leaves nothing. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Deployment, opgAbi } from "@opengradient/bindings";
import { findOperators, type Reader } from "@opengradient/protocol";
import { createPublicClient, type Hex, http } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, expect, test } from "vitest";

const main = fileURLToPath(import.meta.resolve("@opengradient/cli/main"));
const scratch = mkdtempSync(join(tmpdir(), "og-begun-"));
const begun: ChildProcess[] = [];

afterAll(() => {
  for (const child of begun) child.kill("SIGKILL");
  rmSync(scratch, { recursive: true });
});

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [main, "start", "--json", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TMPDIR: scratch },
  });
  begun.push(child);
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const line = once(createInterface({ input: child.stdout! }), "line").then(([text]) => JSON.parse(text));
  return { child, ended, line };
}

type Facts = { url: string; rpc: string; deployment: Deployment; model: Hex; names: Record<string, string> };

/** Our own folders; tools keep caches of theirs beside. */
const left = () => readdirSync(scratch).filter((name) => name.startsWith("og-"));

test("brings up page, faucet and three operators at one URL, and leaves nothing on Ctrl-C", async () => {
  const { child, ended, line } = start("--port", "0", "--rpc-port", "0");
  const { url, rpc, deployment, model, names }: Facts = await line;
  expect(await (await fetch(url)).text()).toContain("<title>OpenGradient</title>");
  expect(await (await fetch(`${url}/network.json`)).json()).toMatchObject({ rpc, deployment, model, names });

  const visitor = privateKeyToAddress(generatePrivateKey());
  expect((await fetch(`${url}/faucet/${visitor}`, { method: "POST" })).status).toBe(200);
  const { chainId, block, ...addresses } = deployment;
  const chain = createPublicClient({ transport: http(rpc) }) as Reader["chain"];
  const money = { address: deployment.opg, abi: opgAbi, functionName: "balanceOf", args: [visitor] } as const;
  expect(await chain.readContract(money)).toBe(1_000n * 10n ** 18n);

  const operators = await findOperators({ chain, addresses, chainId }, model, BigInt(block));
  expect(operators.map(({ operator }) => names[operator.toLowerCase()])).toEqual(["Liam", "Omar", "Olga"]);
  const ready = await Promise.all(operators.map(({ endpoint }) => fetch(`${endpoint}/readyz`)));
  expect(ready.map(({ status }) => status)).toEqual([200, 200, 200]);

  expect(left()).toHaveLength(1);
  // As npm and a terminal do together, which is not the impatience of a second Ctrl-C.
  child.kill("SIGINT");
  child.kill("SIGINT");
  expect(await ended).toBe(0);
  expect(left()).toEqual([]);
  await expect(fetch(url)).rejects.toThrow();
});

test("a kill while it comes up leaves nothing either", async () => {
  const { child, ended } = start("--port", "0", "--rpc-port", "0");
  while (left().length === 0 && child.exitCode === null) await new Promise((wake) => setTimeout(wake, 20));
  child.kill("SIGTERM");
  expect(await ended).toBe(130);
  expect(left()).toEqual([]);
});

test("says which port is taken, and what to do", async () => {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  for (const option of ["--port", "--rpc-port"] as const) {
    const args = [main, "start", "--port", "0", "--rpc-port", "0", option, String(port)];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(status).toBe(2);
    expect(stderr).toContain(`${option} ${port}: nothing can listen there (EADDRINUSE)`);
    expect(stderr).toContain("choose a free port");
  }
  server.close();
});
