import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes, randomUUID, scryptSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { keccak, toHex } from "@opengradient/commitments";
import type { Command } from "commander";
import type { Address, Hex, LocalAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount, privateKeyToAddress } from "viem/accounts";
import { z } from "zod";
import { CommandError } from "../failure.ts";
import { namedAccount } from "./accounts.ts";

export type KeyOptions = { keystore?: string; account?: string };

export const keyOptions = (command: Command): Command =>
  command
    .option("--keystore <file>", "encrypted key of version 3; its password is in the file that OG_PASSWORD_FILE names")
    .option("--account <name>", "a devnet's account: author, operator, requester, challenger, …");

/** Where a key may come from, in words. */
const SOURCES =
  "give --keystore FILE with OG_PASSWORD_FILE, or OG_KEY_FILE (a file with the key in hex), or on a devnet --account NAME";

/**
 * The key that a command acts with. Keys come from files only: an argument would stay in the shell's history and in
 * the list of processes.
 * @throws CommandError
 */
export function keyOf({ keystore, account }: KeyOptions, devnet: boolean): Hex {
  const keyFile = process.env["OG_KEY_FILE"];
  if (account !== undefined) {
    if (/^0x[0-9a-fA-F]{64}$/.test(account))
      throw new CommandError("a key must never stand in a command", { todo: SOURCES });
    if (!devnet) throw new CommandError("--account names accounts of a devnet; this chain is none", { todo: SOURCES });
    return toHex(namedAccount(account).getHdKey().privateKey!);
  }
  if (keystore !== undefined) return fromKeystore(keystore);
  if (keyFile !== undefined) return fromKeyFile(keyFile);
  throw new CommandError("this command signs, and no key is given", { todo: SOURCES });
}

export const accountOf = (options: KeyOptions, devnet: boolean): LocalAccount =>
  privateKeyToAccount(keyOf(options, devnet));

function text(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new CommandError(`${path}: can not be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}

function fromKeyFile(path: string): Hex {
  const key = text(path);
  if (!/^(0x)?[0-9a-fA-F]{64}$/.test(key))
    throw new CommandError(`${path}: 64 hex digits are needed, and nothing else`);
  return `0x${key.replace(/^0x/, "")}`;
}

const hex = z
  .string()
  .regex(/^([0-9a-fA-F]{2})*$/)
  .transform((value) => Buffer.from(value, "hex"));
const keystoreSchema = z.object({
  version: z.literal(3),
  crypto: z.object({
    cipher: z.literal("aes-128-ctr"),
    ciphertext: hex,
    cipherparams: z.object({ iv: hex }),
    mac: hex,
    kdf: z.enum(["scrypt", "pbkdf2"]),
    kdfparams: z.object({
      dklen: z.int(),
      salt: hex,
      n: z.int().optional(),
      r: z.int().optional(),
      p: z.int().optional(),
      c: z.int().optional(),
    }),
  }),
});

/** What geth writes: about a second and 256 MB for each guess at the password. */
const SCRYPT = { n: 262_144, r: 8, p: 1 };
const MOST_MEMORY = 1024 * 1024 * 1024;

function passwordOf(): { password: string; file: string } {
  const file = process.env["OG_PASSWORD_FILE"];
  if (file === undefined)
    throw new CommandError("a keystore needs its password", { todo: "set OG_PASSWORD_FILE to a file that holds it" });
  return { password: text(file), file };
}

const macOf = (derived: Buffer, ciphertext: Buffer): Uint8Array => keccak(derived.subarray(16, 32), ciphertext);

/** Makes a key and writes it, encrypted, where no file is yet. @throws CommandError */
export function newKeystore(path: string): Address {
  const { password, file } = passwordOf();
  if (password === "") throw new CommandError(`${file}: the password is empty`);
  const key = generatePrivateKey();
  const [salt, iv] = [randomBytes(32), randomBytes(16)];
  const { n, r, p } = SCRYPT;
  const derived = scryptSync(password, salt, 32, { N: n, r, p, maxmem: MOST_MEMORY });
  const cipher = createCipheriv("aes-128-ctr", derived.subarray(0, 16), iv);
  const ciphertext = Buffer.concat([cipher.update(Buffer.from(key.slice(2), "hex")), cipher.final()]);
  const crypto = {
    cipher: "aes-128-ctr",
    ciphertext: ciphertext.toString("hex"),
    cipherparams: { iv: iv.toString("hex") },
    kdf: "scrypt",
    kdfparams: { dklen: 32, salt: salt.toString("hex"), ...SCRYPT },
    mac: Buffer.from(macOf(derived, ciphertext)).toString("hex"),
  };
  const address = privateKeyToAddress(key);
  const keystore = { version: 3, id: randomUUID(), address: address.slice(2).toLowerCase(), crypto };
  try {
    writeFileSync(path, `${JSON.stringify(keystore)}\n`, { flag: "wx", mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "EEXIST" ? "there is a file already, and it may hold a key" : `can not be written (${code})`;
    throw new CommandError(`${path}: ${why}`, { cause });
  }
  return address;
}

/** A keystore of version 3, as geth, foundry and wallets write it. */
function fromKeystore(path: string): Hex {
  const { password, file: passwordFile } = passwordOf();
  const parsed = keystoreSchema.safeParse(JSON.parse(text(path)));
  if (!parsed.success) throw new CommandError(`${path}: no keystore of version 3: ${z.prettifyError(parsed.error)}`);
  const { crypto } = parsed.data;
  const { salt, dklen, n, r, p, c } = crypto.kdfparams;
  const derived =
    crypto.kdf === "scrypt"
      ? scryptSync(password, salt, dklen, { N: n ?? SCRYPT.n, r: r ?? SCRYPT.r, p: p ?? SCRYPT.p, maxmem: MOST_MEMORY })
      : pbkdf2Sync(password, salt, c ?? 262_144, dklen, "sha256");
  if (!crypto.mac.equals(macOf(derived, crypto.ciphertext)))
    throw new CommandError(`${path}: the password in ${passwordFile} does not open it`);
  const cipher = createDecipheriv("aes-128-ctr", derived.subarray(0, 16), crypto.cipherparams.iv);
  return toHex(Buffer.concat([cipher.update(crypto.ciphertext), cipher.final()]));
}
