import { CHUNK, type Hash, type HashList, hashLeaves, keccak, subtreeRoots } from "./keccak.ts";
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

/** Bytes below one of the `pieceRoots`: what of a tensor can be checked on its own, given all of them. */
export const PIECE_BYTES = CHUNK;

/** Pieces of a tensor of `bytes` bytes; at least one. */
export const pieceCount = (bytes: number): number => Math.max(1, Math.ceil(bytes / PIECE_BYTES));

/** Level 10 of the tree over a tensor's leaves (its root, where there are fewer): a hash for each piece of its packed data. */
export const pieceRoots = (data: Uint8Array): HashList => subtreeRoots(data.length ? data : new Uint8Array(LEAF_BYTES));

/** The tensorRoot of a tensor with these `pieceRoots`. */
export const tensorRootOfPieces = (dtype: number, elements: number, pieces: HashList): Hash =>
  tensorRoot(dtype, elements, treeRoot(pieces));

/** The tensorRoot of packed little-endian data. */
export const hashTensor = (dtype: number, elements: number, data: Uint8Array): Hash =>
  tensorRootOfPieces(dtype, elements, pieceRoots(data));
