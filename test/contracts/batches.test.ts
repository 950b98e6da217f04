import { sumClimb, sumLeaf, sumPath, sumRoot, sumTree } from "@opengradient/protocol";
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
    const tree = sumTree(leaves);
    const root = sumRoot(tree);
    expect(root.sum).toBe(coverage.reduce((a, b) => a + b));
    for (let i = 0; i < count; i++) {
      const path = sumPath(tree, i);
      const args = [ids[i], coverage[i], BigInt(i), BigInt(count), path];
      expect(await chain.read(harness, "climb", args)).toEqual(root);
      expect(sumClimb(leaves[i]!, { index: i, count, path })).toEqual(root);
      if (path.length) expect(sumClimb(leaves[i]!, { index: i, count, path: path.slice(1) })).not.toEqual(root);
      expect(sumClimb(leaves[i]!, { index: i + count, count, path })).toBeUndefined();
    }
  }
  expect(() => sumRoot(sumTree([]))).toThrow(RangeError);
  expect(() => sumRoot(sumTree(Array(2).fill({ hash: "0x00", sum: 1n << 127n })))).toThrow(/128 bits/);
});
