import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBlobs } from "../src/blobs.ts";
import { ConfigError, parseConfig } from "../src/config.ts";
import { DataDirectoryInUseError, openDatabase } from "../src/database.ts";
import { openGuard, SecondClaimError } from "../src/guard.ts";
import type { ModelFile } from "../src/modelFiles.ts";
import { ModelFilesError } from "../src/modelIntake.ts";
import { readModel, writeModel } from "../src/models.ts";
import { scratch } from "./scratch.ts";
import { hash, sumModel } from "./sumModel.ts";

test("the guard signs one claim for a request, also after a restart", () => {
  const path = join(scratch(), "guard.db");
  const guard = openGuard(path);
  guard.remember("1", "0xaa");
  guard.remember("1", "0xaa");
  expect(() => guard.remember("1", "0xbb")).toThrow(SecondClaimError);
  guard.close();
  const again = openGuard(path);
  expect(again.recall("1")).toBe("0xaa");
  expect(() => again.remember("1", "0xbb")).toThrow(/already answered with claim 0xaa/);
  again.remember("2", "0xbb");
  again.close();
});

test("a data directory has one daemon", () => {
  const path = join(scratch(), "node.db");
  const first = openDatabase(path);
  expect(() => openDatabase(path)).toThrow(DataDirectoryInUseError);
  first.close();
  openDatabase(path).close();
});

test("a blob is whole or not there, and named by its hash only", () => {
  const folder = scratch();
  const blobs = openBlobs(folder);
  const id = `0x${"ab".repeat(32)}` as const;
  expect(blobs.get(id)).toBeUndefined();
  writeFileSync(join(folder, `${"ab".repeat(32)}.part`), "half");
  expect(blobs.has(id)).toBe(false);
  blobs.put(id, Uint8Array.of(1, 2, 3));
  blobs.put(id, Uint8Array.of(9));
  expect(blobs.get(id)).toEqual(Uint8Array.of(1, 2, 3));
  expect(readdirSync(folder)).toEqual(["ab".repeat(32)]);
  expect(() => blobs.get("0x../../etc/passwd")).toThrow(TypeError);
});

test("blobs that nobody wants any more go, and so does what a kill left half written", () => {
  const folder = scratch();
  const blobs = openBlobs(folder);
  const [wanted, other] = [`0x${"ab".repeat(32)}`, `0x${"cd".repeat(32)}`] as const;
  for (const id of [wanted, other]) blobs.put(id, Uint8Array.of(1));
  writeFileSync(join(folder, `${"ab".repeat(32)}.part`), "half");
  expect(blobs.retain(new Set([wanted, `0x${"ef".repeat(32)}`]))).toEqual({ removed: 2, left: 1 });
  expect(readdirSync(folder)).toEqual(["ab".repeat(32)]);
  expect(blobs.retain(new Set([wanted]))).toEqual({ removed: 0, left: 1 });
});

test("a model comes back from its folder, and not when a byte of it differs", () => {
  const folder = join(scratch(), "sum");
  const model = sumModel(4);
  writeModel(folder, model);
  expect(readModel(folder)).toEqual(model);
  const reading = (name: ModelFile, change: (bytes: Uint8Array) => Uint8Array) => () => {
    const path = join(folder, name);
    const bytes = new Uint8Array(readFileSync(path));
    writeFileSync(path, change(bytes));
    try {
      readModel(folder);
    } finally {
      writeFileSync(path, bytes);
    }
  };
  const { name, ...card } = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  expect(name).toBe("sum");
  for (const key of Object.keys(card)) {
    const other = new TextEncoder().encode(JSON.stringify({ name, ...card, [key]: hash("05") }));
    expect(reading("model.json", () => other)).toThrow(/the roots in model.json make model/);
  }
  expect(reading("model.json", (bytes) => bytes.slice(1))).toThrow(/is not JSON/);
  for (const file of ["program.bin", "weights.bin"] as const) {
    const { length } = readFileSync(join(folder, file));
    for (let at = 0; at < length; at++)
      expect(reading(file, (bytes) => bytes.with(at, bytes[at]! ^ 1))).toThrow(ModelFilesError);
    expect(reading(file, (bytes) => bytes.slice(0, -1))).toThrow(`${file} ends early, after ${length - 1} bytes`);
    expect(reading(file, (bytes) => Uint8Array.of(...bytes, 0))).toThrow(`${file} goes on after its ${length} bytes`);
  }
  expect(() => readModel(scratch())).toThrow(/model.json is missing/);
});

test("a configuration is refused with every key that is missing or wrong", () => {
  expect(() => parseConfig({ rpcUrl: "no url", models: [] })).toThrow(ConfigError);
  try {
    parseConfig({ rpcUrl: "no url", models: [] });
  } catch (error) {
    const text = String(error);
    for (const key of ["dataDir", "rpcUrl", "deployment", "models"]) expect(text).toContain(key);
  }
  const address = `0x${"0a".repeat(20)}`;
  const names = [
    "opg",
    "modelRegistry",
    "staking",
    "delegation",
    "votes",
    "governor",
    "timelock",
    "market",
    "batches",
    "newWork",
    "channels",
    "deliveries",
    "disputes",
    "arbiter",
    "validator",
  ];
  const deployment = { chainId: 1, block: 0, ...Object.fromEntries(names.map((name) => [name, address])) };
  const good = { dataDir: scratch(), rpcUrl: "http://127.0.0.1:1", deployment, models: ["m"] };
  expect(() => parseConfig(good)).toThrow(/names no role/);
  const key = hash("05");
  expect(parseConfig({ ...good, watcher: { mode: "watch" } })).toMatchObject({ depth: 2, pollMs: 1_000 });
  expect(() => parseConfig({ ...good, operator: { owner: address, key }, watcher: { mode: "defend", key } })).toThrow(
    /different keys/,
  );
});
