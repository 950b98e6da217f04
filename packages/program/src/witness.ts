/** The bytes that prove what one element of a kernel should be (docs/spec/commitments.md, "Witness of one element"). */
import {
  clog2,
  concatBytes,
  type Hash,
  type HashList,
  hashAt,
  leafBytes,
  leafCount,
  pathOf,
  rootOf,
  spanPlaces,
  tensorTree,
  traceLeaf,
  treeLevels,
} from "@opengradient/commitments";
import { type Source, sourcesOf } from "./cost.ts";
import { coverLeaves, type Run, sourceAllowance } from "./cover.ts";
import { encodeKernel } from "./encode.ts";
import { perLeaf, resultElements, SPACE } from "./kernel.ts";
import { sourceData, type Tensors } from "./reference.ts";
import { programLeavesOf, resultRoots, tensorRootOf, traceKernels } from "./roots.ts";
import { readElement } from "./tensors.ts";
import { evaluateTouching } from "./touch.ts";
import type { Kernel, Program, Tensor } from "./types.ts";

/** What a claim's roots commit to, as far as a witness needs it: data of the tensors that its kernel reads and writes. */
export type Committed = {
  readonly tensors: Tensors;
  /** tensorRoots of all inputs, all weights and all results, outputs included */
  readonly roots: readonly [inputs: HashList, weights: HashList, results: HashList];
  readonly traceSalt: Hash;
};

export type CommittedTensors = {
  readonly weights: readonly Tensor[];
  readonly inputs: readonly Tensor[];
  /** packed results of all kernels, true or not */
  readonly results: readonly Uint8Array[];
  readonly traceSalt: Hash;
};

/** What a claim with these tensors commits to. */
export const commitTensors = (program: Program, from: CommittedTensors): Committed => ({
  tensors: {
    inputs: from.inputs.map(({ data }) => data),
    weights: from.weights.map(({ data }) => data),
    results: from.results,
  },
  roots: [
    concatBytes(from.inputs.map(tensorRootOf)),
    concatBytes(from.weights.map(tensorRootOf)),
    resultRoots(program, from.results),
  ],
  traceSalt: from.traceSalt,
});

const big = (value: number, width: number): Uint8Array => {
  const out = new Uint8Array(width);
  for (let i = 0; i < width; i++) out[i] = Math.floor(value / 256 ** (width - 1 - i)) & 0xff;
  return out;
};

/** The list or trace that a source's tensorRoot hangs from, and its place there. */
function sourceList(program: Program, { roots, traceSalt }: Committed, { space, index }: Source): [HashList, number] {
  if (space !== SPACE.result) return [roots[space], index];
  const hash = (k: number): Hash => roots[SPACE.result].subarray(32 * k, 32 * k + 32);
  const rank = program.outputs.findIndex(({ kernel }) => kernel === index);
  if (rank >= 0) return [concatBytes(program.outputs.map(({ kernel }) => hash(kernel))), rank];
  const kernels = traceKernels(program);
  return [concatBytes(kernels.map((k) => traceLeaf(traceSalt, k, hash(k)))), kernels.indexOf(index)];
}

function sourcePath(program: Program, committed: Committed, source: Source): Uint8Array {
  const [list, index] = sourceList(program, committed, source);
  return pathOf(treeLevels(list), 0, index);
}

function opening(program: Program, k: number, mode: 0 | 1): Uint8Array {
  const descriptor = encodeKernel(program.kernels[k]!, k);
  const path = pathOf(treeLevels(programLeavesOf(program)), 0, k + 1);
  return concatBytes([big(mode, 1), big(descriptor.length, 2), descriptor, path]);
}

/** A tensor as a witness opens it. Who knows only a part of it hands in what the element's spans need. */
export type OpenedSource = {
  /** packed, right where it is read; its padding may be committed too */
  readonly data: Uint8Array;
  /** root of the tensor's tree */
  readonly root: Hash;
  /** a node of the tensor's tree */
  readonly node: (level: number, index: number) => Hash;
  /** of the tensorRoot in its list or trace */
  readonly path: HashList;
};

export type Opener = (source: Source) => OpenedSource;

type Touched = { readonly access: number; readonly source: number; readonly first: number; readonly last: number };

/** Ranges of leaves that the evaluation of element e needs, in the order in which the Arbiter asks for them. */
function touchedLeaves(kernel: Kernel, k: number, e: number, opened: readonly OpenedSource[]): Touched[] {
  const sources = sourcesOf(kernel, k);
  const reads = kernel.accesses.map((access) => {
    const source = sources.findIndex(({ space, index }) => space === access.space && index === access.index);
    return { data: opened[source]!.data, dtype: access.dtype, source, per: perLeaf(access.dtype) };
  });
  const touched: Touched[] = [];
  const touch = (access: number, lowest: number, highest: number): void => {
    const { per, source } = reads[access]!;
    touched.push({ access, source, first: Math.floor(lowest / per), last: Math.floor(highest / per) });
  };
  const read = (a: number, address: number): number => readElement(reads[a]!.data, reads[a]!.dtype, address);
  evaluateTouching({ kernel, k, e, touch, read });
  return touched;
}

type Span = Run & { readonly source: number };

function spansOf(kernel: Kernel, k: number, touched: readonly Touched[], opened: readonly OpenedSource[]): Span[] {
  const allowances = sourceAllowance(kernel, k);
  return opened.flatMap(({ data }, source) => {
    const leaves = new Set<number>();
    for (const at of touched)
      if (at.source === source) for (let leaf = at.first; leaf <= at.last; leaf++) leaves.add(leaf);
    const sorted = [...leaves].sort((a, b) => a - b);
    return coverLeaves(sorted, clog2(leafCount(data.length)), allowances[source] ?? 0).map((run) => ({
      ...run,
      source,
    }));
  });
}

/** Ordinals of the spans that the reads move to, as the Arbiter takes them. */
function hintsOf(touched: readonly Touched[], spans: readonly Span[]): number[] {
  const current = new Map<number, number>();
  const hints: number[] = [];
  const holds = (span: Span | undefined, at: Touched): boolean =>
    span !== undefined && span.source === at.source && span.first <= at.first && at.last < span.first + span.count;
  for (const at of touched) {
    if (holds(spans[current.get(at.access) ?? -1], at)) continue;
    const ordinal = spans.findIndex((span) => holds(span, at));
    current.set(at.access, ordinal);
    hints.push(ordinal);
  }
  return hints;
}

function spanBytes(span: Span, { data, node }: OpenedSource): Uint8Array {
  const leaves = Array.from({ length: span.count }, (_, i) => leafBytes(data, span.first + i));
  const header = [big(span.source, 1), big(span.first, 4), big(span.count, 2)];
  const places = spanPlaces({ of: leafCount(data.length), first: span.first, count: span.count });
  return concatBytes([...header, ...leaves, ...places.map(({ level, index }) => node(level, index))]);
}

/**
 * The witness (mode 0) of element e of kernel k on what is committed, true or not; e may range over the last leaf's padding.
 * Its length stays below `costOf(…).bytes`.
 */
export function witnessOpened(program: Program, k: number, e: number, open: Opener): Uint8Array {
  const kernel = program.kernels[k]!;
  const own = { space: SPACE.result, index: k } as const;
  const padding = e >= resultElements(kernel);
  const sources = padding ? [own] : sourcesOf(kernel, k);
  const opened = sources.map(open);
  const ownOrdinal = sources.findIndex(({ space, index }) => space === own.space && index === own.index);
  const leaf = Math.floor(e / perLeaf(kernel.outType));
  const touched = padding ? [] : touchedLeaves(kernel, k, e, opened);
  const answer: Touched = { access: -1, source: ownOrdinal, first: leaf, last: leaf };
  const spans = spansOf(kernel, k, [...touched, answer], opened);
  return concatBytes([
    opening(program, k, 0),
    ...opened.flatMap(({ root, path }) => [root, path]),
    big(spans.length, 2),
    ...spans.map((span) => spanBytes(span, opened[span.source]!)),
    Uint8Array.from(hintsOf(touched, spans)),
  ]);
}

/** `witnessOpened` for someone who has all that is committed. */
export const witnessElement = (program: Program, k: number, e: number, committed: Committed): Uint8Array =>
  witnessOpened(program, k, e, (source) => {
    const data = sourceData(committed.tensors, source);
    const levels = tensorTree(data);
    const node = (level: number, index: number): Hash => hashAt(levels[level]!, index);
    return { data, root: rootOf(levels), node, path: sourcePath(program, committed, source) };
  });

/** A tensor as it was committed, of whatever shape. */
export type CommittedShape = { readonly dtype: number; readonly elements: number; readonly root: Hash };

type ShapePlace = { readonly k: number; readonly ordinal: number };

/** The witness (mode 1) that source `ordinal` of kernel k, no weight, was committed as `shape`. */
export function witnessShape(
  program: Program,
  place: ShapePlace,
  shape: CommittedShape,
  committed: Pick<Committed, "roots" | "traceSalt">,
): Uint8Array {
  const source = sourcesOf(program.kernels[place.k]!, place.k)[place.ordinal]!;
  const path = sourcePath(program, { ...committed, tensors: { inputs: [], weights: [], results: [] } }, source);
  return witnessOpenedShape(program, place, shape, path);
}

/** The same from the path of the source's tensorRoot in its list or trace. */
export const witnessOpenedShape = (
  program: Program,
  { k }: ShapePlace,
  { dtype, elements, root }: CommittedShape,
  path: HashList,
): Uint8Array => concatBytes([opening(program, k, 1), big(dtype, 1), big(elements, 4), root, path]);

/** Elements in the leaves of a kernel's result, padding included: the range of e that can be proven. */
export const provableElements = (kernel: Kernel): number =>
  Math.ceil(resultElements(kernel) / perLeaf(kernel.outType)) * perLeaf(kernel.outType);
