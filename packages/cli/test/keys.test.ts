import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, expect, test } from "vitest";
import { devnetAddress } from "../src/chain/accounts.ts";
import { accountOf, keyOf, newKeystore } from "../src/chain/keys.ts";

const folder = mkdtempSync(join(tmpdir(), "og-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  delete process.env["OG_KEY_FILE"];
  delete process.env["OG_PASSWORD_FILE"];
});

const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const KEY = "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";

/** The example of the Web3 Secret Storage Definition, and one that go-ethereum tests with. */
const KEYSTORES = [
  {
    password: "testpassword\n",
    address: privateKeyToAccount(KEY).address,
    crypto: {
      cipher: "aes-128-ctr",
      cipherparams: { iv: "6087dab2f9fdbbfaddc31a909735c1e6" },
      ciphertext: "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
      kdf: "pbkdf2",
      kdfparams: {
        c: 262144,
        dklen: 32,
        prf: "hmac-sha256",
        salt: "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
      },
      mac: "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
  },
  {
    password: "",
    address: "0x45dea0fb0bba44f4fcf290bba71fd57d7117cbb8",
    crypto: {
      cipher: "aes-128-ctr",
      ciphertext: "b87781948a1befd247bff51ef4063f716cf6c2d3481163e9a8f42e1f9bb74145",
      cipherparams: { iv: "dc4926b48a105133d2f16b96833abf1e" },
      kdf: "scrypt",
      kdfparams: {
        dklen: 32,
        n: 2,
        p: 1,
        r: 8,
        salt: "004244bbdc51cadda545b1cfa43cff9ed2ae88e08c61f1479dbb45410722f8f0",
      },
      mac: "39990c1684557447940d4c69e06b1b82b2aceacb43f284df65c956daf3046b85",
    },
  },
] as const;

test.each(KEYSTORES)(
  "a keystore of version 3 opens with its password ($crypto.kdf)",
  ({ password, address, crypto }) => {
    const keystore = write(`${crypto.kdf}.json`, JSON.stringify({ version: 3, id: "x", crypto }));
    process.env["OG_PASSWORD_FILE"] = write("password", password);
    expect(accountOf({ keystore }, false).address.toLowerCase()).toBe(address.toLowerCase());
    process.env["OG_PASSWORD_FILE"] = write("other", "wrong");
    expect(() => keyOf({ keystore }, false)).toThrow(/does not open it/);
    delete process.env["OG_PASSWORD_FILE"];
    expect(() => keyOf({ keystore }, false)).toThrow(/needs its password/);
  },
);

test("a key comes from a file, and from nowhere else", () => {
  process.env["OG_KEY_FILE"] = write("key", `${KEY}\n`);
  expect(keyOf({}, false)).toBe(KEY);
  process.env["OG_KEY_FILE"] = write("bad", "hello");
  expect(() => keyOf({}, false)).toThrow(/64 hex digits/);
  delete process.env["OG_KEY_FILE"];
  expect(() => keyOf({}, false)).toThrow(/no key is given/);
  expect(() => keyOf({ account: KEY }, true)).toThrow(/must never stand in a command/);
});

test("a devnet's accounts have names, and only there", () => {
  expect(accountOf({ account: "operator" }, true).address).toBe(devnetAddress("operator"));
  expect(() => accountOf({ account: "operator" }, false)).toThrow(/this chain is none/);
  expect(() => accountOf({ account: "nobody" }, true)).toThrow(/--account nobody/);
});

test("a new key lies encrypted in a file that only we may read, and never in the place of another", () => {
  const keystore = join(folder, "new.json");
  expect(() => newKeystore(keystore)).toThrow(/needs its password/);
  process.env["OG_PASSWORD_FILE"] = write("empty", "\n");
  expect(() => newKeystore(keystore)).toThrow(/the password is empty/);
  process.env["OG_PASSWORD_FILE"] = write("password", "correct horse");
  const address = newKeystore(keystore);
  expect(accountOf({ keystore }, false).address).toBe(address);
  expect(statSync(keystore).mode & 0o777).toBe(0o600);
  expect(() => newKeystore(keystore)).toThrow(/there is a file already/);
});
