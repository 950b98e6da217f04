import {
  clog2,
  concatBytes,
  type Hash,
  type HashList,
  OBJECT,
  type Position,
  pathPlaces,
  positionDepth,
  ZERO_HASH,
} from "@opengradient/commitments";
import type { Program } from "@opengradient/program";
import type { Known, KnownTree, TensorName } from "./known.ts";
import { inputShape, resultShape, shapeLeaves } from "./run.ts";
import type { Clocks, DemandProof } from "./view.ts";

/** Leaves of the list or trace that an object is, or hangs from. */
export function listLeaves(program: Program, { object, tensor }: Position): number {
  if (object === OBJECT.inputs || object === OBJECT.inputTensor) return program.inputs.length;
  if (object === OBJECT.outputs || outputRank(program, { object, tensor }) >= 0) return program.outputs.length;
  return program.kernels.length - program.outputs.length;
}

const outputRank = (program: Program, { object, tensor }: Pick<Position, "object" | "tensor">): number =>
  object === OBJECT.resultTensor ? program.outputs.findIndex(({ kernel }) => kernel === tensor) : -1;

export function depthOf(program: Program, position: Position): number {
  const { object, tensor } = position;
  if (object === OBJECT.claim) return 0;
  const shape =
    object === OBJECT.inputTensor
      ? inputShape(program, tensor)
      : object === OBJECT.resultTensor
        ? resultShape(program.kernels[tensor]!)
        : undefined;
  return positionDepth(position, listLeaves(program, position), shape && shapeLeaves(shape));
}

/** The last second in which a demand at this depth is accepted. */
export const demandBy = ({ windowEnd, quietAt, answer, reaction }: Clocks, depth: number): number =>
  Math.min(quietAt, windowEnd + depth * (answer + reaction));

/** Siblings of a node in a tree that is known on that way. @throws if it is not: then the node was never authenticated */
export function knownPath(tree: KnownTree, level: number, index: number): HashList {
  const siblings = pathPlaces({ count: tree.count, level, index }).map((at) => tree.node(at.level, at.index));
  if (siblings.some((hash) => !hash)) throw new Error(`the way to node ${index} of level ${level} is not known`);
  return concatBytes(siblings as Uint8Array[]);
}

const NOTHING = new Uint8Array();
const ROOT = { node: ZERO_HASH, path: NOTHING };

/** What shows that a position's node hangs from the opening. */
export function demandProof(known: Known, position: Position): DemandProof {
  const { object, tensor, j, i } = position;
  if (object <= OBJECT.outputs) {
    const tree = { 0: undefined, 1: known.trace, 2: known.inputs, 3: known.outputs }[object as 0 | 1 | 2 | 3];
    return { tensorRoot: ZERO_HASH, listPath: NOTHING, ...(tree ? inTree(tree, j, i) : ROOT) };
  }
  const name: TensorName = { object: object === OBJECT.inputTensor ? OBJECT.inputTensor : OBJECT.resultTensor, tensor };
  const tensorRoot = known.root(name);
  if (!tensorRoot) throw new Error("a tensor is demanded only when its root is known");
  const { tree, rank } = known.place(name);
  return { tensorRoot, listPath: knownPath(tree, 0, rank), ...inTree(known.tensor(name).tree, j, i) };
}

function inTree(tree: KnownTree, j: number, i: number): { node: Hash; path: HashList } {
  if (j >= tree.height) return ROOT;
  const level = Math.min(8 * j, clog2(tree.count));
  return { node: tree.node(level, i)!, path: knownPath(tree, level, i) };
}
