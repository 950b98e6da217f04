import { sumLeaf, sumPath, sumRoot } from "@opengradient/protocol";
import { keccak256, toHex } from "viem";
import { afterAll, beforeAll, expect, it } from "vitest";
import { artifact, type Chain, type Contract, createChain } from "./court.ts";

let chain: Chain;
let harness: Contract;

beforeAll(async () => {
  chain = await createChain();
  const made = artifact("test/market/Batches.t.sol", "SumTreeHarness");
  harness = await chain.deploy(chain.accounts[0]!, made, []);
});
afterAll(() => chain.close());

it("TypeScript and Solidity build the same Merkle-sum trees", async () => {
  for (const count of [1, 2, 3, 5, 8, 13, 33]) {
    const ids = Array.from({ length: count }, (_, i) => keccak256(toHex(1000 * count + i)));
    const coverage = ids.map((id) => BigInt(id) >> 140n);
    const leaves = ids.map((id, i) => sumLeaf(id, { coverage: coverage[i]! }));
    const root = sumRoot(leaves);
    expect(root.sum).toBe(coverage.reduce((a, b) => a + b));
    for (let i = 0; i < count; i++) {
      const args = [ids[i], coverage[i], BigInt(i), BigInt(count), sumPath(leaves, i)];
      expect(await chain.read(harness, "climb", args)).toEqual(root);
    }
  }
  expect(() => sumRoot([])).toThrow(RangeError);
  expect(() => sumRoot(Array(2).fill({ hash: "0x00", sum: 1n << 127n }))).toThrow(/128 bits/);
});
