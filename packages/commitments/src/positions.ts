import { CommitmentError } from "./errors.ts";
import type { HashList } from "./keccak.ts";
import { clog2, type Levels, levelSize } from "./tree.ts";

/** What can be demanded: 0 claim, 1 trace, 2 inputs, 3 outputs, 4 input tensor, 5 result tensor. */
export const OBJECT = { claim: 0, trace: 1, inputs: 2, outputs: 3, inputTensor: 4, resultTensor: 5 } as const;
export type DemandObject = (typeof OBJECT)[keyof typeof OBJECT];

/** Node `i` of level 8·j of its object's tree. `tensor` is an input's or a kernel's number, 0 for objects 0–3. */
export type Position = {
  readonly object: DemandObject;
  readonly tensor: number;
  readonly j: number;
  readonly i: number;
};

const FAN_OUT_LOG2 = 8;

/** ⌈log256 leaves⌉: the j of a tensor's root. */
export const tensorHeight = (leaves: number): number => Math.ceil(clog2(leaves) / FAN_OUT_LOG2);

/** max(1, ⌈log256 n⌉): the j of the root of a list or trace of n leaves. */
export const listHeight = (count: number): number => Math.max(1, tensorHeight(count));

/** `u8 object ‖ u32 tensor ‖ u8 j ‖ u32 i` in the low bytes of a word. */
export const encodePosition = ({ object, tensor, j, i }: Position): bigint =>
  (BigInt(object) << 72n) | (BigInt(tensor) << 40n) | (BigInt(j) << 32n) | BigInt(i);

/** @throws CommitmentError if the word has bits above the position or an unknown object. */
export function decodePosition(word: bigint): Position {
  const object = Number(word >> 72n);
  if (word < 0n || object > 5) throw new CommitmentError(`not a position: 0x${word.toString(16)}`);
  const field = (shift: bigint, bits: number): number => Number(BigInt.asUintN(bits, word >> shift));
  return { object: object as DemandObject, tensor: field(40n, 32), j: field(32n, 8), i: field(0n, 32) };
}

/** Hashes (or, for j = 0 of a tensor, none) below node (j, i) in a tree over `count`: what a reveal must hold. */
export function childCount(count: number, j: number, i: number): number {
  if (j === 0) return 0;
  const below = levelSize(count, FAN_OUT_LOG2 * (j - 1));
  return Math.max(0, Math.min(1 << FAN_OUT_LOG2, below - (i << FAN_OUT_LOG2)));
}

/** The level that `levels` has at height 8·j; the root stands for heights above it. */
const levelAt = (levels: Levels, j: number): HashList => levels[Math.min(FAN_OUT_LOG2 * j, levels.length - 1)]!;

/** The ≤ 256 nodes eight levels below node (j, i), j ≥ 1. Their treeRoot is the node. */
export function descendants(levels: Levels, j: number, i: number): HashList {
  const first = 32 * (i << FAN_OUT_LOG2);
  const nodes = levelAt(levels, j - 1).subarray(first, first + (32 << FAN_OUT_LOG2));
  if (j < 1 || nodes.length === 0) throw new CommitmentError(`node (${j}, ${i}) has no descendants in this tree`);
  return nodes;
}

/** The depth of the trace's and the outputs' roots: below the deepest leaf of an input (1 + 1 + 3). */
const RUN_DEPTH = 6;

/**
 * Depth of a position in the dispute: how much a challenger that holds nothing must have bought before it knows that it
 * wants this. `leaves` counts the leaves of the list or trace that the object is or hangs from, `tensorLeaves` those of
 * the tensor itself (objects 4, 5).
 */
export function positionDepth({ object, j }: Position, leaves: number, tensorLeaves = 1): number {
  if (object === OBJECT.claim) return 0;
  const ofInputs = object === OBJECT.inputs || object === OBJECT.inputTensor;
  const list = (ofInputs ? 1 : RUN_DEPTH) + listHeight(leaves);
  return object <= OBJECT.outputs ? list - j : list + tensorHeight(tensorLeaves) - j;
}
