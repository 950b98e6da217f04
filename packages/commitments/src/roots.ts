import { fromHex, type Hex, wordOf } from "./hex.ts";
import { concatBytes, type Hash, type HashList, keccak } from "./keccak.ts";
import { TAG, u8, u32 } from "./tags.ts";
import { hashCount, treeRoot } from "./tree.ts";

/** H(5 ‖ count ‖ root of the tree over tensorRoots): inputRoot, outputRoot, weightsRoot. */
export const listRoot = (tensorRoots: HashList): Hash => listRootFrom(hashCount(tensorRoots), treeRoot(tensorRoots));

/** listRoot of `count` tensorRoots whose tree has this root. */
export const listRootFrom = (count: number, root: Hash): Hash => keccak(u8(TAG.list), u32(count), root);

export const kernelLeaf = (descriptor: Uint8Array): Hash => keccak(u8(TAG.kernel), descriptor);

export const headerLeaf = (header: Uint8Array): Hash => keccak(u8(TAG.header), header);

/** The leaves of the program tree: the header's, then one for each kernel. */
export const programLeaves = (header: Uint8Array, descriptors: readonly Uint8Array[]): HashList =>
  concatBytes([headerLeaf(header), ...descriptors.map(kernelLeaf)]);

export type ModelParts = {
  readonly programRoot: Hash;
  readonly weightsRoot: Hash;
  /** keccak256 of the source file */
  readonly sourceHash: Hash;
  /** keccak256 of the compiler's name and version in ASCII */
  readonly compilerHash: Hash;
};

export const modelRoot = (parts: ModelParts): Hash =>
  keccak(u8(TAG.model), parts.programRoot, parts.weightsRoot, parts.sourceHash, parts.compilerHash);

/** A side of a claim: 0 input, 1 output. `salt` has 32 bytes. */
export const claimSide = (salt: Uint8Array, side: 0 | 1, root: Hash): Hash =>
  keccak(u8(TAG.side), salt, u8(side), root);

/** keccak256(abi.encode(operator, requester, requestId)): binds a trace to its claim. Addresses have 20 bytes. */
export const traceSalt = (operator: Hex, requester: Hex, requestId: bigint): Hash =>
  keccak(new Uint8Array(12), fromHex(operator, 20), new Uint8Array(12), fromHex(requester, 20), wordOf(requestId));

export const traceLeaf = (salt: Hash, kernel: number, tensorRoot: Hash): Hash =>
  keccak(u8(TAG.traceLeaf), salt, u32(kernel), tensorRoot);
