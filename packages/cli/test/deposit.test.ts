import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transfer } from "@opengradient/protocol";
import { createWalletClient, http, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DEVNET_CHAIN_ID, devnetAccount, devnetAddress } from "../src/chain/accounts.ts";
import { chainOf } from "../src/chain/connect.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

let og: Terminal;
beforeAll(async () => {
  og = await openTerminal();
});
afterAll(() => og.close());

const OPERATOR = devnetAddress("operator");

/** Somebody with OPG and no native coin, whose key is in OG_KEY_FILE. */
async function poor(opg: string): Promise<`0x${string}`> {
  const key = generatePrivateKey();
  const address = privateKeyToAddress(key);
  process.env["OG_KEY_FILE"] = join(og.folder, "key");
  writeFileSync(process.env["OG_KEY_FILE"], key);
  const chain = chainOf(DEVNET_CHAIN_ID, og.url);
  const wallet = createWalletClient({ account: devnetAccount(0), chain, transport: http(og.url) });
  await transfer({ ...og.reader, wallet }, { to: address, amount: parseEther(opg) });
  return address;
}

test("somebody without native coin signs a deposit, and somebody else brings it, once", async () => {
  const requester = await poor("50");
  const data = ["--data", join(og.folder, "purse")] as const;
  const file = join(og.folder, "deposit.json");
  const sign = (...line: readonly string[]) => ["channel", "sign-deposit", OPERATOR, ...line, ...data, "-o", file];
  const bring = ["channel", "deposit", file, "--account", "requester2"] as const;
  expect(await og.fails(...sign("50.1"))).toContain("holds 50 OPG, the deposit is of 50.1 OPG");
  expect(await og.fails(...sign("0x"))).toContain("an amount of OPG is needed");
  expect(await og.run(...sign("20", "--session"))).toContain("Nothing was sent");
  const opened = await og.json<{ requester: string; signer: string; deposit: string }>(...bring);
  expect(opened).toMatchObject({ requester, deposit: String(parseEther("20")) });
  expect(opened.signer).not.toBe(requester);
  expect(await og.fails(...bring)).toContain("the authorization was used or cancelled");

  // The next one goes into the same channel, with the key that signs for it.
  await og.run(...sign("5", "--valid", "60"));
  const { signer } = JSON.parse(readFileSync(file, "utf8")).parties;
  expect(signer).toBe(opened.signer);
  const other = join(og.folder, "other.json");
  const change = (from: string, to: string) => writeFileSync(other, readFileSync(file, "utf8").replace(from, to));
  change(String(parseEther("5")), String(parseEther("6")));
  expect(await og.fails("channel", "deposit", other, ...bring.slice(3))).toContain("signed by another account");
  change(signer, requester);
  expect(await og.fails("channel", "deposit", other, ...bring.slice(3))).toContain("signed by another account");
  change('"chainId": 31337', '"chainId": 1');
  expect(await og.fails("channel", "deposit", other, ...bring.slice(3))).toContain("on chain 1, this is 0x");
  change('"amount"', '"sum"');
  expect(await og.fails("channel", "deposit", other, ...bring.slice(3))).toContain("not a signed deposit");
  expect(await og.json(...bring)).toMatchObject({ signer, deposit: String(parseEther("25")) });

  await og.run(...sign("5", "--valid", "60"));
  await og.advance(61);
  expect(await og.fails(...bring)).toContain("the authorization is not valid now");
});
