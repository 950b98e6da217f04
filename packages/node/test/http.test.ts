import { encodePackage, newSalt, type Package, packageInput } from "@opengradient/protocol";
import type { Hex } from "viem";
import { expect, test } from "vitest";
import { openBlobs } from "../src/blobs.ts";
import type { LoadedModel } from "../src/executor.ts";
import { type HttpOptions, openHttp } from "../src/http.ts";
import { openInputs } from "../src/inputs.ts";
import { silentLog } from "../src/log.ts";
import { scratch } from "./scratch.ts";

const root = `0x${"aa".repeat(32)}` as const;
const model = {
  name: "toy",
  modelRoot: root,
  program: { inputs: [{ dtype: 3, dims: [4] }], weights: [], kernels: [], outputs: [] },
} as unknown as LoadedModel;

const input: Package = { salt: newSalt(), tensors: [{ dtype: 3, dims: [4], data: Uint8Array.of(1, 2, 3, 4) }] };

function bench(waiting: Record<string, Hex>) {
  const inputs = openInputs(openBlobs(scratch()));
  let woken = 0;
  const operator = {
    waitsFor: (wanted: Hex) => waiting[wanted],
    receipt: () => undefined,
    answer: () => undefined,
  };
  const app = openHttp({
    models: new Map([[root, model]]),
    operator: operator as unknown as HttpOptions["operator"],
    watcher: undefined,
    inputs,
    notReady: () => "the chain was not read yet",
    wake: () => {
      woken++;
    },
    status: () => ({ chainId: 1 }),
    log: silentLog,
    mostUpload: 1_000,
  });
  const put = async (name: string, bytes: Uint8Array) =>
    (await app.request(`/inputs/${name}`, { method: "PUT", body: bytes as BodyInit })).status;
  const get = async (path: string) => (await app.request(path)).status;
  return { inputs, put, get, woken: () => woken };
}

test("an input is taken when it is asked for, is what its name says, and fits the model", async () => {
  const named = packageInput(input);
  const wrongShape: Package = { ...input, tensors: [{ dtype: 3, dims: [2], data: Uint8Array.of(1, 2) }] };
  const elsewhere = { ...input, salt: newSalt() };
  const { put, inputs, woken } = bench({
    [named]: root,
    [packageInput(wrongShape)]: root,
    [packageInput(elsewhere)]: `0x${"bb".repeat(32)}`,
  });
  expect(await put("0x12", encodePackage(input))).toBe(400);
  expect(await put(named.toUpperCase().replace("0X", "0x"), encodePackage(input))).toBe(400);
  expect(await put(`0x${"cc".repeat(32)}`, encodePackage(input))).toBe(409);
  expect(await put(named, encodePackage(wrongShape))).toBe(422);
  expect(await put(named, new Uint8Array(7))).toBe(422);
  expect(await put(named, new Uint8Array(2_000))).toBe(413);
  expect(await put(packageInput(wrongShape), encodePackage(wrongShape))).toBe(422);
  expect(await put(packageInput(elsewhere), encodePackage(elsewhere))).toBe(422);
  expect(inputs.has(named)).toBe(false);
  expect(woken()).toBe(0);
  expect(await put(named, encodePackage(input))).toBe(200);
  expect(inputs.get(named)).toEqual(input);
  expect(woken()).toBe(1);
});

test("what is not there is not found, however it is asked for", async () => {
  const { get } = bench({});
  for (const path of [
    "/requests/1/receipt",
    "/requests/x/receipt",
    `/claims/${root}/inputs`,
    "/claims/0x12/outputs",
    `/claims/${root}/nodes/99999999999999999999999999`,
    `/claims/${root}/nodes/-1`,
    `/models/${root}/..%2Fnode.db`,
    `/models/0x00/program.bin`,
    "/verdicts",
  ])
    expect([path, await get(path)]).toEqual([path, 404]);
  expect(await get("/livez")).toBe(200);
  expect(await get("/readyz")).toBe(503);
  expect(await get("/metrics")).toBe(200);
  expect(await get("/models")).toBe(200);
});
