import { type Hash, type HashList, hashLeaves, keccak, subtreeRoots } from "./keccak.ts";
import { TAG, u8, u32 } from "./tags.ts";
import { type Levels, treeLevels, treeRoot } from "./tree.ts";

export const LEAF_BYTES = 256;

/** Leaves of a tensor of `bytes` bytes; at least one. */
export const leafCount = (bytes: number): number => Math.max(1, Math.ceil(bytes / LEAF_BYTES));

/** Leaf `index` of packed data, filled with zeros. */
export function leafBytes(data: Uint8Array, index: number): Uint8Array {
  const leaf = new Uint8Array(LEAF_BYTES);
  leaf.set(data.subarray(LEAF_BYTES * index, LEAF_BYTES * (index + 1)));
  return leaf;
}

/** Leaf hashes of a tensor's packed little-endian data. */
export const tensorLeaves = (data: Uint8Array): HashList => hashLeaves(data.length ? data : new Uint8Array(LEAF_BYTES));

export const tensorTree = (data: Uint8Array): Levels => treeLevels(tensorLeaves(data));

/** H(2 ‖ dtype ‖ elements ‖ root of the tree over the leaves). */
export const tensorRoot = (dtype: number, elements: number, root: Hash): Hash =>
  keccak(u8(TAG.tensor), u8(dtype), u32(elements), root);

/** The tensorRoot of packed little-endian data. */
export const hashTensor = (dtype: number, elements: number, data: Uint8Array): Hash =>
  tensorRoot(dtype, elements, treeRoot(subtreeRoots(data.length ? data : new Uint8Array(LEAF_BYTES))));
