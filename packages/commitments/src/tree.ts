import { CommitmentError } from "./errors.ts";
import { concatBytes, type Hash, type HashList, hashNodes } from "./keccak.ts";

/** Levels of a tree from the list itself (level 0) to the root; none for an empty list. */
export type Levels = readonly HashList[];

/** Node `index` of level `level` of the tree over `count` hashes. */
export type Place = { readonly count: number; readonly level: number; readonly index: number };

/** `count` neighbours of level 0, from `first`, of the tree over `of` hashes. */
export type Range = { readonly of: number; readonly first: number; readonly count: number };

/** The least d with 2^d ≥ n; 0 for n ≤ 1. */
export const clog2 = (n: number): number => (n <= 1 ? 0 : 32 - Math.clz32(n - 1));

/** Nodes at `level` of the tree over `count` hashes. */
export const levelSize = (count: number, level: number): number => Math.ceil(count / 2 ** level);

export const hashAt = (list: HashList, index: number): Hash => list.subarray(32 * index, 32 * index + 32);

export const hashCount = (list: HashList): number => list.length / 32;

export const ZERO_HASH: Hash = new Uint8Array(32);

const node = (left: Hash, right: Hash): Hash => hashNodes(concatBytes([left, right]));

function nextLevel(level: HashList): HashList {
  const pairs = level.length - (level.length % 64);
  return concatBytes([hashNodes(level.subarray(0, pairs)), level.subarray(pairs)]);
}

export function treeLevels(leaves: HashList): Levels {
  if (leaves.length % 32) throw new CommitmentError(`a list of hashes has 32 bytes each, not ${leaves.length} in all`);
  const levels = leaves.length ? [leaves] : [];
  while (levels.length && levels.at(-1)!.length > 32) levels.push(nextLevel(levels.at(-1)!));
  return levels;
}

export const rootOf = (levels: Levels): Hash => levels.at(-1) ?? ZERO_HASH;

/** The root of the tree over `leaves`; 32 zero bytes for none. */
export const treeRoot = (leaves: HashList): Hash => rootOf(treeLevels(leaves)).slice();

function checkPlace({ count, level, index }: Place): void {
  if (level < 0 || level > clog2(count) || index < 0 || index >= levelSize(count, level))
    throw new CommitmentError(`a tree over ${count} hashes has no node ${index} at level ${level}`);
}

/** Levels and indices of the siblings on the way from a node to the root. */
export function pathPlaces(place: Place): { level: number; index: number }[] {
  checkPlace(place);
  const places: { level: number; index: number }[] = [];
  for (let { level, index } = place; level < clog2(place.count); level++, index >>>= 1)
    if ((index ^ 1) < levelSize(place.count, level)) places.push({ level, index: index ^ 1 });
  return places;
}

/** Hashes in the path of a node. */
export const pathLength = (place: Place): number => pathPlaces(place).length;

/** The siblings of a node, upward. */
export function pathOf(levels: Levels, level: number, index: number): HashList {
  const count = levels.length ? hashCount(levels[0]!) : 0;
  return concatBytes(pathPlaces({ count, level, index }).map((at) => hashAt(levels[at.level]!, at.index)));
}

/** @throws CommitmentError if the path does not have the length that follows from `place`. */
export function rootFromPath(hash: Hash, place: Place, path: HashList): Hash {
  const places = pathPlaces(place);
  if (path.length !== 32 * places.length)
    throw new CommitmentError(`this path has ${places.length} hashes, not ${path.length} bytes`);
  return places.reduce((below, at, i) => {
    const sibling = hashAt(path, i);
    return at.index & 1 ? node(below, sibling) : node(sibling, below);
  }, hash);
}

/** Levels and indices of the hashes that a span needs besides its own leaves, in the order in which they are supplied. */
export function spanPlaces({ of, first, count }: Range): { level: number; index: number }[] {
  if (count < 1 || first < 0 || first + count > of)
    throw new CommitmentError(`a list of ${of} has no range of ${count} from ${first}`);
  const places: { level: number; index: number }[] = [];
  let [low, high] = [first, first + count - 1];
  for (let level = 0; level < clog2(of); level++) {
    if (low & 1) places.push({ level, index: low - 1 });
    if (!(high & 1) && high + 1 < levelSize(of, level)) places.push({ level, index: high + 1 });
    low >>>= 1;
    high >>>= 1;
  }
  return places;
}

export const spanSiblingCount = (range: Range): number => spanPlaces(range).length;

export function spanSiblings(levels: Levels, first: number, count: number): HashList {
  const of = levels.length ? hashCount(levels[0]!) : 0;
  return concatBytes(spanPlaces({ of, first, count }).map((at) => hashAt(levels[at.level]!, at.index)));
}

/** The root that `nodes`, opened from `first` in a list of `of`, and their siblings give. @throws CommitmentError */
export function rootFromSpan(nodes: HashList, of: number, first: number, siblings: HashList): Hash {
  const count = hashCount(nodes);
  const places = spanPlaces({ of, first, count });
  if (siblings.length !== 32 * places.length)
    throw new CommitmentError(`this span has ${places.length} siblings, not ${siblings.length} bytes`);
  let level = nodes;
  let low = first;
  let used = 0;
  for (let depth = 0; depth < clog2(of); depth++) {
    const left = low & 1 ? [hashAt(siblings, used++)] : [];
    const high = low + hashCount(level) - 1;
    const right = !(high & 1) && high + 1 < levelSize(of, depth) ? [hashAt(siblings, used++)] : [];
    level = nextLevel(concatBytes([...left, level, ...right]));
    low >>>= 1;
  }
  return level;
}
