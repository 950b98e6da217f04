import { readFileSync } from "node:fs";
import { importModel, type Model } from "@opengradient/cli";
import { toHex } from "@opengradient/commitments";
import { getAddress, type Hex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { artifact, type Chain, type Contract, createChain } from "./court.ts";

const MOST_GAS = 5_000_000;
const digits = new URL("../../packages/models/digits/digits.onnx", import.meta.url);

let chain: Chain;
let registry: Contract;
let model: Model;

beforeAll(async () => {
  chain = await createChain();
  model = importModel(new Uint8Array(readFileSync(digits)));
});
afterAll(() => chain.close());

async function freshRegistry(): Promise<Contract> {
  const from = chain.accounts[0]!;
  const validator = await chain.deploy(from, artifact("src/arbiter/Validator.sol"), []);
  return chain.deploy(from, artifact("src/registry/ModelRegistry.sol"), [validator.address]);
}

const metadata = { royaltyBps: 250, uri: "https://models.example/digits" };

describe("publishing the digit model with the real Validator", () => {
  it("costs at most 5 M gas at once, and its root is the one that TypeScript computes", async () => {
    registry = await freshRegistry();
    const author = chain.accounts[1]!;
    const descriptors = model.descriptors.map(toHex);
    const gas = await chain.send(author, registry, "publish", [
      toHex(model.header),
      descriptors,
      model.roots,
      metadata,
    ]);
    console.log(`publish: ${gas} gas for ${descriptors.length} kernels`);
    expect(gas).toBeLessThanOrEqual(MOST_GAS);
    const [owner] = (await chain.read(registry, "author", [model.roots.modelRoot])) as [Hex, number];
    expect(getAddress(owner)).toBe(getAddress(author));
  });

  it("gives the same model page by page", async () => {
    registry = await freshRegistry();
    const author = chain.accounts[1]!;
    const header = toHex(model.header);
    let gas = await chain.send(author, registry, "open", [header, model.roots, metadata]);
    const half = Math.ceil(model.descriptors.length / 2);
    for (const page of [model.descriptors.slice(0, half), model.descriptors.slice(half)])
      gas += await chain.send(author, registry, "add", [1n, header, page.map(toHex)]);
    gas += await chain.send(author, registry, "seal", [1n]);
    console.log(`in two pages: ${gas} gas`);
    const kept = (await chain.read(registry, "model", [model.roots.modelRoot])) as {
      programRoot: Hex;
      kernels: number;
    };
    expect(kept).toMatchObject({ programRoot: model.roots.programRoot, kernels: model.program.kernels.length });
    for (const [k, { outType, loops }] of model.program.kernels.entries()) {
      const elements = loops.reduce((product, extent) => product * extent, 1);
      const shape = await chain.read(registry, "resultShape", [model.roots.modelRoot, k]);
      expect(shape).toBe(outType * 2 ** 32 + elements);
    }
  });

  it("refuses a descriptor with one byte changed", async () => {
    registry = await freshRegistry();
    const descriptors = model.descriptors.map((bytes, k) => toHex(k === 3 ? bytes.with(0, 2) : bytes));
    const sent = chain.send(chain.accounts[1]!, registry, "publish", [
      toHex(model.header),
      descriptors,
      model.roots,
      metadata,
    ]);
    await expect(sent).rejects.toThrow();
  });
});
