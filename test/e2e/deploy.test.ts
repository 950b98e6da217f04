/** `og deploy` as its user runs it: killed half way, run again, and read back. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { newWorkAbi, opgAbi } from "@opengradient/bindings";
import { readArtifacts } from "@opengradient/cli";
import { createPublicClient, type Hex, http, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, expect, test } from "vitest";
import { type Server, startEvm } from "../chain/evm.ts";

const main = fileURLToPath(import.meta.resolve("@opengradient/cli/main"));
const example = (name: string) => fileURLToPath(new URL(`../../docs/deploy/${name}.example.json`, import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "og-deploy-"));
const servers: Server[] = [];
afterAll(async () => {
  for (const { close } of servers) await close();
  rmSync(scratch, { recursive: true });
});

type Run = { readonly child: ChildProcess; readonly ended: Promise<{ code: number | null; out: string; err: string }> };

function og(env: Readonly<Record<string, string>>, ...args: readonly string[]): Run {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...env } });
  const texts = { out: "", err: "" };
  child.stdout.on("data", (data) => (texts.out += data));
  child.stderr.on("data", (data) => (texts.err += data));
  return { child, ended: once(child, "close").then(([code]) => ({ code: code as number | null, ...texts })) };
}

/** A key that has coin and nothing else. */
async function deployerOn(url: string) {
  const key = generatePrivateKey();
  const address = privateKeyToAddress(key);
  const chain = createPublicClient({ transport: http(url) });
  await chain.request({
    method: "hardhat_setBalance",
    params: [address, `0x${parseEther("10").toString(16)}`],
  } as never);
  const file = join(scratch, `${address}.key`);
  writeFileSync(file, key);
  return { address, chain, env: { OG_KEY_FILE: file } };
}

/** A door to a chain that tells of each transaction when the chain has it, and its sender does not know so yet. */
async function doorTo(url: string, sent: () => void): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const headers = { "content-type": "application/json" };
    const said = await (await fetch(url, { method: "POST", headers, body })).text();
    if (body.includes("eth_sendRawTransaction")) sent();
    response.writeHead(200, headers).end(said);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const door = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  servers.push({
    url: door,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return door;
}

const filesOf = (out: string) => ["--params", example("params"), "--genesis", example("genesis"), "--out", out];

test("a deployment that is killed goes on where it was; the deployer is left with nothing", async () => {
  const server = await startEvm();
  servers.push(server);
  const { url } = server;
  const { address, chain, env } = await deployerOn(url);
  const out = join(scratch, "out");
  const argsOn = (rpc: string) => ["deploy", "--rpc", rpc, ...filesOf(out), "--json"];
  const args = argsOn(url);
  const sent = () => chain.getTransactionCount({ address });
  let left = 5;
  const door = await doorTo(url, () => --left === 0 && killed.child.kill("SIGKILL"));
  const killed = og(env, ...argsOn(door));
  expect((await killed.ended).code).toBeNull();
  while ((await sent()) < 5) await new Promise((wake) => setTimeout(wake, 20));
  expect(await sent()).toBe(5);

  const { code, out: said, err } = await og(env, ...args).ended;
  expect([code, err]).toEqual([0, ""]);
  const { deployment, objections } = JSON.parse(said);
  expect(objections).toEqual([]);
  // One transaction a contract, in both runs together, and none more in a third.
  expect(await sent()).toBe(10);
  expect((await og(env, ...args).ended).code).toBe(0);
  expect(await sent()).toBe(10);

  const page = JSON.parse(readFileSync(join(out, "roles.json"), "utf8"));
  expect(JSON.stringify(page.roles).toLowerCase()).not.toContain(address.toLowerCase().slice(2));
  const outside = page.roles.filter(({ name }: { name?: string }) => name === undefined);
  expect(new Set(outside.map(({ holder }: { holder: Hex }) => holder))).toEqual(
    new Set(["0x0000000000000000000000000000000000000021", "0x0000000000000000000000000000000000000022"]),
  );
  const timelock = page.roles.filter(({ on }: { on: string }) => on === "timelock");
  expect(timelock.map(({ name }: { name: string }) => name).sort()).toEqual([
    ...["anyone", "governor", "governor", "timelock"],
  ]);
  const money = { address: deployment.opg, abi: opgAbi, functionName: "balanceOf", args: [address] } as const;
  expect(await chain.readContract(money)).toBe(0n);
  const guard = { address: deployment.newWork, abi: newWorkAbi, functionName: "guardian" } as const;
  expect((await chain.readContract(guard)).spent).toBe(false);
  const read = await og({}, "roles", "--deployment", join(out, "deployment.json"), "--deployer", address).ended;
  expect([read.code, read.out.trim()]).toEqual([0, readFileSync(join(out, "roles.md"), "utf8").trim()]);
});

test("verification input gives, by the compiler alone, the very bytes that were deployed", () => {
  const folder = join(scratch, "out", "verification");
  expect(readdirSync(folder)).toHaveLength(20);
  // A small one with imports from our sources and from OpenZeppelin's.
  const { contract } = JSON.parse(readFileSync(join(folder, "Channels.contract.json"), "utf8"));
  const [source, name] = contract.split(":");
  const require = createRequire(fileURLToPath(import.meta.resolve("@opengradient/contracts/package.json")));
  const output = JSON.parse(require("solc").compile(readFileSync(join(folder, "Channels.json"), "utf8")));
  expect(`0x${output.contracts[source][name].evm.bytecode.object}`).toBe(readArtifacts().Channels.bytecode);
});
