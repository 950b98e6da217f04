import {
  childCount,
  concatBytes,
  descendants,
  type Hash,
  type HashList,
  hashAt,
  hashCount,
  type Levels,
  levelSize,
  listHeight,
  listRootFrom,
  OBJECT,
  type Position,
  rootOf,
  sameBytes,
  tensorHeight,
  tensorRoot,
  tensorTree,
  traceLeaf,
  treeLevels,
  treeRoot,
} from "@opengradient/commitments";
import { type Program, traceKernels } from "@opengradient/program";
import { type CommittedRun, inputShape, type Opening, resultShape, type Shape, shapeLeaves, treeOf } from "./run.ts";

/**
 * Bytes that the operator revealed, served or posted for a position, from wherever: each is checked against its
 * authenticated parent before use, and what does not fit counts as not known.
 */
export type Data = (position: Position) => Uint8Array | undefined;

/** An input or the result of a kernel, by its number. */
export type TensorName = { readonly object: 4 | 5; readonly tensor: number };

/** A tree that the operator committed to: known where it equals ours or where its nodes were opened. */
export type KnownTree = {
  readonly count: number;
  /** j of the root */
  readonly height: number;
  /** The ≤ 256 nodes eight levels below node (j, i); undefined when nobody opened it. */
  children(j: number, i: number): HashList | undefined;
  node(level: number, index: number): Hash | undefined;
};

export type TreeSource = {
  readonly count: number;
  readonly height: number;
  /** hash of the root node, when it is known */
  readonly root: Hash | undefined;
  /** our own levels; none when there is nothing to compare with */
  readonly own: Levels | undefined;
  /** opened descendants of (j, i), not yet checked against the node; of the root too when `root` is not known */
  readonly opened: (j: number, i: number) => HashList | undefined;
};

function knownTree({ count, height, root, own, opened }: TreeSource): KnownTree {
  const at8 = (j: number, i: number): Hash | undefined => {
    if (j >= height) return root;
    const above = children(j + 1, i >>> 8);
    return above && hashAt(above, i & 255);
  };
  const checked = new Map<string, HashList | undefined>();
  const children = (j: number, i: number): HashList | undefined => {
    const key = `${j}/${i}`;
    if (!checked.has(key)) checked.set(key, check(j, i));
    return checked.get(key);
  };
  const check = (j: number, i: number): HashList | undefined => {
    const hash = at8(j, i);
    if (hash === undefined) return undefined;
    if (own && j >= 1 && sameBytes(hash, ownNode(own, 8 * j, i))) return descendants(own, j, i);
    const found = opened(j, i);
    return found && hashCount(found) === childCount(count, j, i) && sameBytes(treeRoot(found), hash)
      ? found
      : undefined;
  };
  const subtrees = new Map<string, Levels | undefined>();
  const subtree = (j: number, i: number): Levels | undefined => {
    const key = `${j}/${i}`;
    if (!subtrees.has(key)) {
      const list = children(j, i);
      subtrees.set(key, list && treeLevels(list));
    }
    return subtrees.get(key);
  };
  const node = (level: number, index: number): Hash | undefined => {
    if (level >= 8 * height || levelSize(count, level) === 1) return root;
    const j = Math.floor(level / 8) + 1;
    const up = 8 * j - level;
    const i = index >>> up;
    const within = level - 8 * (j - 1);
    const list = within === 0 ? children(j, i) : subtree(j, i)?.[Math.min(within, subtree(j, i)!.length - 1)];
    return list && hashAt(list, Math.min(index - i * 2 ** up, hashCount(list) - 1));
  };
  return { count, height, children, node };
}

/** Node of a tree by level; above the root there is only the root. */
export function ownNode(levels: Levels, level: number, index: number): Hash {
  const clamped = Math.min(level, levels.length - 1);
  return hashAt(levels[clamped]!, level > clamped ? 0 : index);
}

/** What is known of all that hangs from an opening. */
export type Known = {
  readonly inputs: KnownTree;
  readonly outputs: KnownTree;
  readonly trace: KnownTree;
  /** committed tensorRoot */
  root(name: TensorName): Hash | undefined;
  tensor(name: TensorName): KnownTensor;
  /** the list or trace that a tensorRoot hangs from, and its rank there */
  place(name: TensorName): { readonly tree: KnownTree; readonly rank: number };
};

export type KnownTensor = {
  readonly shape: Shape;
  readonly tree: KnownTree;
  leaf(i: number): Uint8Array | undefined;
};

/** @param own our own run over the same inputs; without one only what was opened is known */
export function knownOf(
  { program, traceSalt, opening, data }: { program: Program; traceSalt: Hash; opening: Opening; data: Data },
  own: CommittedRun | undefined,
): Known {
  const open = (object: Position["object"], tensor: number) => (j: number, i: number) => data({ object, tensor, j, i });
  const list = (object: 2 | 3, count: number, root: Hash, levels: Levels | undefined) =>
    listTree({ count, root, own: levels, opened: open(object, 0) });
  const inputs = list(OBJECT.inputs, program.inputs.length, opening.inputRoot, own?.inputList);
  const outputs = list(OBJECT.outputs, program.outputs.length, opening.outputRoot, own?.outputList);
  const trace = traceTree({ program, traceSalt, root: opening.traceRoot, own, opened: open(OBJECT.trace, 0) });
  const ranks = new Map(program.outputs.map(({ kernel }, rank) => [kernel, rank]));
  const traceRanks = new Map(traceKernels(program).map((kernel, rank) => [kernel, rank]));

  const place: Known["place"] = ({ object, tensor }: TensorName) => {
    if (object === OBJECT.inputTensor) return { tree: inputs, rank: tensor };
    const rank = ranks.get(tensor);
    return rank === undefined ? { tree: trace, rank: traceRanks.get(tensor)! } : { tree: outputs, rank };
  };
  const root = (name: TensorName): Hash | undefined => {
    const { tree, rank } = place(name);
    return tree === trace ? trace.tensorRoot(rank) : tree.node(0, rank);
  };
  const tensor = (name: TensorName): KnownTensor => {
    const isInput = name.object === OBJECT.inputTensor;
    const ours = own && {
      root: hashAt(isInput ? own.inputRoots : own.resultRoots, name.tensor),
      data: (isInput ? own.inputs : own.results)[name.tensor]!,
    };
    const shape = isInput ? inputShape(program, name.tensor) : resultShape(program.kernels[name.tensor]!);
    return knownTensor({ shape, root: root(name), own: ours, opened: open(name.object, name.tensor) });
  };
  return { inputs, outputs, trace, root, tensor, place };
}

type ListSource = { count: number; root: Hash; own: Levels | undefined; opened: TreeSource["opened"] };

/** A list's root binds its count: its tree's root is known from our own list if that is equal, else from an opening. */
function listTree({ count, root, own, opened }: ListSource): KnownTree {
  const height = listHeight(count);
  const treeRootOf = (): Hash | undefined => {
    if (own && sameBytes(listRootFrom(count, rootOf(own)), root)) return rootOf(own);
    const top = opened(height, 0);
    if (!top || hashCount(top) !== childCount(count, height, 0)) return undefined;
    const candidate = treeRoot(top);
    return sameBytes(listRootFrom(count, candidate), root) ? candidate : undefined;
  };
  return knownTree({ count, height, root: treeRootOf(), own, opened });
}

type TraceSource = {
  program: Program;
  traceSalt: Hash;
  root: Hash;
  own: CommittedRun | undefined;
  opened: TreeSource["opened"];
};

/** The trace's nodes at j = 1 are opened as tensorRoots, from which their leaves are formed. */
function traceTree({ program, traceSalt, root, own, opened }: TraceSource) {
  const kernels = traceKernels(program);
  const tree = knownTree({
    count: kernels.length,
    height: listHeight(kernels.length),
    root,
    own: own?.trace,
    opened: (j, i) => {
      const found = opened(j, i);
      const below = kernels.slice(256 * i, 256 * (i + 1));
      if (j > 1 || !found || hashCount(found) !== below.length) return found;
      return concatBytes(below.map((k, rank) => traceLeaf(traceSalt, k, hashAt(found, rank))));
    },
  });
  const tensorRootAt = (rank: number): Hash | undefined => {
    const leaf = tree.node(0, rank);
    if (!leaf) return undefined;
    if (own && sameBytes(leaf, hashAt(own.trace[0]!, rank))) return hashAt(own.resultRoots, kernels[rank]!);
    if (!tree.children(1, rank >>> 8)) return undefined;
    const found = opened(1, rank >>> 8);
    return found && hashAt(found, rank & 255);
  };
  return { ...tree, tensorRoot: tensorRootAt };
}

type TensorSource = {
  shape: Shape;
  root: Hash | undefined;
  own: { root: Hash; data: Uint8Array } | undefined;
  opened: TreeSource["opened"];
};

function knownTensor({ shape, root, own, opened }: TensorSource): KnownTensor {
  const count = shapeLeaves(shape);
  const height = tensorHeight(count);
  const binds = (candidate: Hash) =>
    root !== undefined && sameBytes(tensorRoot(shape.dtype, shape.elements, candidate), root);
  const ownLevels = own && treeOf(own.data);
  const top = ownLevels && binds(rootOf(ownLevels)) ? rootOf(ownLevels) : openedRoot();
  const tree = knownTree({ count, height, root: top, own: ownLevels, opened });
  const leafFrom = (bytes: Uint8Array | undefined, hash: Hash) =>
    bytes?.length === 256 && sameBytes(rootOf(tensorTree(bytes)), hash) ? bytes : undefined;

  function openedRoot(): Hash | undefined {
    const found = opened(height, 0);
    if (!found) return undefined;
    const fits = height === 0 ? found.length === 256 : hashCount(found) === childCount(count, height, 0);
    const candidate = fits ? (height === 0 ? rootOf(tensorTree(found)) : treeRoot(found)) : undefined;
    return candidate && binds(candidate) ? candidate : undefined;
  }
  return {
    shape,
    tree,
    leaf(i) {
      const hash = tree.node(0, i);
      if (!hash) return undefined;
      const ours = own?.data.subarray(256 * i, 256 * (i + 1));
      if (ours && sameBytes(hash, hashAt(ownLevels![0]!, i))) {
        const leaf = new Uint8Array(256);
        leaf.set(ours);
        return leaf;
      }
      return leafFrom(opened(0, i), hash);
    },
  };
}
