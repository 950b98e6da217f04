/** The bytes that prove what one element of a kernel should be (docs/spec/commitments.md, "Witness of one element"). */
import {
  concatBytes,
  type Hash,
  type HashList,
  type Levels,
  leafBytes,
  pathOf,
  rootOf,
  spanSiblings,
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

type Touched = { readonly access: number; readonly source: number; readonly first: number; readonly last: number };

/** Ranges of leaves that the evaluation of element e needs, in the order in which the Arbiter asks for them. */
function touchedLeaves(kernel: Kernel, k: number, e: number, tensors: Tensors): Touched[] {
  const sources = sourcesOf(kernel, k);
  const reads = kernel.accesses.map((access) => ({
    data: sourceData(tensors, access),
    dtype: access.dtype,
    source: sources.findIndex(({ space, index }) => space === access.space && index === access.index),
    per: perLeaf(access.dtype),
  }));
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

function spansOf(kernel: Kernel, k: number, touched: readonly Touched[], trees: readonly Levels[]): Span[] {
  const allowances = sourceAllowance(kernel, k);
  return trees.flatMap((levels, source) => {
    const leaves = new Set<number>();
    for (const at of touched)
      if (at.source === source) for (let leaf = at.first; leaf <= at.last; leaf++) leaves.add(leaf);
    const sorted = [...leaves].sort((a, b) => a - b);
    return coverLeaves(sorted, levels.length - 1, allowances[source] ?? 0).map((run) => ({ ...run, source }));
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

function spanBytes(span: Span, data: Uint8Array, levels: Levels): Uint8Array {
  const leaves = Array.from({ length: span.count }, (_, i) => leafBytes(data, span.first + i));
  const header = [big(span.source, 1), big(span.first, 4), big(span.count, 2)];
  return concatBytes([...header, ...leaves, spanSiblings(levels, span.first, span.count)]);
}

/**
 * The witness (mode 0) of element e of kernel k on what is committed, true or not; e may range over the last leaf's padding.
 * Its length stays below `costOf(…).bytes`.
 */
export function witnessElement(program: Program, k: number, e: number, committed: Committed): Uint8Array {
  const kernel = program.kernels[k]!;
  const own = { space: SPACE.result, index: k } as const;
  const padding = e >= resultElements(kernel);
  const sources = padding ? [own] : sourcesOf(kernel, k);
  const data = sources.map((source) => sourceData(committed.tensors, source));
  const trees = data.map((bytes) => tensorTree(bytes));
  const ownOrdinal = sources.findIndex(({ space, index }) => space === own.space && index === own.index);
  const leaf = Math.floor(e / perLeaf(kernel.outType));
  const touched = padding ? [] : touchedLeaves(kernel, k, e, committed.tensors);
  const answer: Touched = { access: -1, source: ownOrdinal, first: leaf, last: leaf };
  const spans = spansOf(kernel, k, [...touched, answer], trees);
  return concatBytes([
    opening(program, k, 0),
    ...sources.flatMap((source, i) => [rootOf(trees[i]!), sourcePath(program, committed, source)]),
    big(spans.length, 2),
    ...spans.map((span) => spanBytes(span, data[span.source]!, trees[span.source]!)),
    Uint8Array.from(hintsOf(touched, spans)),
  ]);
}

/** A tensor as it was committed, of whatever shape. */
export type CommittedShape = { readonly dtype: number; readonly elements: number; readonly root: Hash };

/** The witness (mode 1) that source `ordinal` of kernel k, no weight, was committed as `shape`. */
export function witnessShape(
  program: Program,
  place: { readonly k: number; readonly ordinal: number },
  shape: CommittedShape,
  committed: Pick<Committed, "roots" | "traceSalt">,
): Uint8Array {
  const source = sourcesOf(program.kernels[place.k]!, place.k)[place.ordinal]!;
  const path = sourcePath(program, { ...committed, tensors: { inputs: [], weights: [], results: [] } }, source);
  return concatBytes([opening(program, place.k, 1), big(shape.dtype, 1), big(shape.elements, 4), shape.root, path]);
}

/** Elements in the leaves of a kernel's result, padding included: the range of e that can be proven. */
export const provableElements = (kernel: Kernel): number =>
  Math.ceil(resultElements(kernel) / perLeaf(kernel.outType)) * perLeaf(kernel.outType);
