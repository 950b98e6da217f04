import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Dtype, OP, type Program } from "@opengradient/program";
import { expect, test } from "vitest";
import { openBlobs } from "../src/blobs.ts";
import { ConfigError, parseConfig } from "../src/config.ts";
import { DataDirectoryInUseError, openDatabase } from "../src/database.ts";
import { openGuard, SecondClaimError } from "../src/guard.ts";
import { decodeModel, encodeModel, ModelFilesError, modelOf } from "../src/modelFiles.ts";
import { readModel, writeModel } from "../src/models.ts";
import { scratch } from "./scratch.ts";

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

const tensor = (dims: readonly number[]) => ({ dtype: 1 as Dtype, dims });
const program: Program = {
  inputs: [tensor([4])],
  weights: [tensor([4])],
  kernels: [
    {
      outType: 1,
      loops: [4],
      folds: [],
      state: 0,
      accesses: ([0, 1] as const).map((space) => ({
        space,
        index: 0,
        dtype: 1 as Dtype,
        length: 4,
        elseWord: 0,
        dynMask: 0,
        coordinates: [{ base: 0, extent: 4, stride: 1, coef: [1] }],
      })),
      constants: [],
      init: [],
      step: [],
      done: [
        [OP.ld, 0, 0, 0],
        [OP.ld, 1, 0, 0],
        [OP.iadd, 16, 17, 0],
      ],
      results: [18],
      groupPos: 0,
      groupSize: 1,
    },
  ],
  outputs: [{ kernel: 0, dims: [4] }],
};
const hash = (byte: string) => `0x${byte.repeat(32)}` as const;
const model = modelOf({ name: "sum", sourceHash: hash("01"), compilerHash: hash("02") }, program, [
  { ...tensor([4]), data: Uint8Array.from({ length: 16 }, (_, i) => i) },
]);

test("a model comes back from its folder, and not when a byte of it differs", () => {
  const folder = join(scratch(), "sum");
  writeModel(folder, model);
  expect(readModel(folder)).toEqual(model);
  const files = encodeModel(model);
  const changed = (name: keyof typeof files, at: number) => {
    const bytes = files[name].slice();
    bytes[at]! ^= 1;
    return () => decodeModel({ ...files, [name]: bytes });
  };
  expect(changed("weights.bin", 3)).toThrow(ModelFilesError);
  for (let at = 0; at < files["program.bin"].length; at++) expect(changed("program.bin", at)).toThrow();
  expect(() => decodeModel({ ...files, "weights.bin": files["weights.bin"].slice(1) })).toThrow(/15 bytes/);
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
    "market",
    "batches",
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
