import { batchesAbi } from "@opengradient/bindings";
import { type Address, concat, encodeAbiParameters, type Hex, keccak256, numberToHex, toHex } from "viem";
import type { Claim } from "./claim.ts";
import type { Reader } from "./client.ts";

/** One posting of many claims: docs/spec/claim.md, Batches. */
export type Batch = {
  readonly operator: Address;
  readonly root: Hex;
  /** Σ coverage of its claims */
  readonly coverage: bigint;
  readonly count: number;
  readonly parameters: Hex;
  /** unix seconds of its block */
  readonly postedAt: number;
};

export type SumNode = { readonly hash: Hex; readonly sum: bigint };

/** The leaf of a claim. */
export const sumLeaf = (id: Hex, { coverage }: Pick<Claim, "coverage">): SumNode => ({
  hash: keccak256(concat(["0x0a", id])),
  sum: coverage,
});

const sumHex = (sum: bigint): Hex => toHex(sum, { size: 16 });

const join = (left: SumNode, right: SumNode): SumNode => ({
  hash: keccak256(concat([numberToHex(9), left.hash, sumHex(left.sum), right.hash, sumHex(right.sum)])),
  sum: left.sum + right.sum,
});

const above = (level: readonly SumNode[]): SumNode[] =>
  Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => {
    const [left, right] = [level[2 * i]!, level[2 * i + 1]];
    return right ? join(left, right) : left;
  });

/** All levels of the Merkle-sum tree, its leaves first. */
export type SumTree = readonly (readonly SumNode[])[];

export function sumTree(leaves: readonly SumNode[]): SumTree {
  const levels = [leaves];
  while (levels.at(-1)!.length > 1) levels.push(above(levels.at(-1)!));
  return levels;
}

/** Over at least one leaf. @throws RangeError when the sum does not fit 128 bits */
export function sumRoot(tree: SumTree): SumNode {
  const root = tree.at(-1)?.[0];
  if (!root) throw new RangeError("a batch has at least one claim");
  if (root.sum >= 1n << 128n) throw new RangeError(`the coverage of the batch, ${root.sum}, does not fit 128 bits`);
  return root;
}

/** The siblings of a leaf, from below. */
export const sumPath = (tree: SumTree, index: number): SumNode[] =>
  tree.slice(0, -1).flatMap((level, height) => level[(index >> height) ^ 1] ?? []);

/** Where one leaf of `count` hangs. */
export type Place = { readonly index: number; readonly count: number; readonly path: readonly SumNode[] };

/** The root over a leaf as its path gives it; undefined where the tree has no such leaf or paths of another length. */
export function sumClimb(leaf: SumNode, { index, count, path }: Place): SumNode | undefined {
  if (index >= count) return undefined;
  let [node, at, width] = [leaf, index, count];
  const left = [...path];
  for (; width > 1; at >>= 1, width = (width + 1) >> 1) {
    // the odd last node of a level has no sibling
    if (at % 2 === 0 && at + 1 === width) continue;
    const other = left.shift();
    if (!other) return undefined;
    node = at % 2 === 0 ? join(node, other) : join(other, node);
  }
  return left.length ? undefined : node;
}

const batchType = {
  type: "tuple",
  components: [
    { name: "operator", type: "address" },
    { name: "root", type: "bytes32" },
    { name: "coverage", type: "uint128" },
    { name: "count", type: "uint32" },
    { name: "parameters", type: "bytes32" },
    { name: "postedAt", type: "uint40" },
  ],
} as const;

/** keccak256(abi.encode(batch)). */
export const batchId = (batch: Batch): Hex => keccak256(encodeAbiParameters([batchType], [batch]));

/** How a batch stands on chain. */
export type BatchStanding = {
  readonly id: Hex;
  /** unix seconds; 0: never posted */
  readonly windowEnd: number;
  readonly released: boolean;
};

export async function batchStanding({ chain, addresses }: Reader, batch: Batch): Promise<BatchStanding> {
  const id = batchId(batch);
  const record = await chain.readContract({
    address: addresses.batches,
    abi: batchesAbi,
    functionName: "batches",
    args: [id],
  });
  return { id, windowEnd: record.windowEnd, released: record.released };
}
