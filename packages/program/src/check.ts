/** What the Arbiter on chain does with a witness, step by step (docs/spec/commitments.md). */
import {
  CommitmentError,
  type Hash,
  kernelLeaf,
  LEAF_BYTES,
  leafCount,
  listRootFrom,
  pathLength,
  rootFromPath,
  rootFromSpan,
  sameBytes,
  spanSiblingCount,
  tensorLeaves,
  tensorRoot,
  traceLeaf,
} from "@opengradient/commitments";
import { type Source, sourcesOf } from "./cost.ts";
import { decodeKernel, type Header } from "./decode.ts";
import { ProgramError } from "./errors.ts";
import { perLeaf, resultElements, SPACE, widthOf } from "./kernel.ts";
import { narrow, readElement } from "./tensors.ts";
import { evaluateTouching } from "./touch.ts";
import type { Dtype, Kernel } from "./types.ts";

/** What the chain knows of a claim and of the model that it is about. */
export type Statement = {
  readonly header: Header;
  readonly programRoot: Hash;
  readonly weightsRoot: Hash;
  readonly inputRoot: Hash;
  readonly outputRoot: Hash;
  readonly traceRoot: Hash;
  readonly traceSalt: Hash;
};

export type Verdict =
  | { readonly verdict: "wrong" | "right" }
  | { readonly verdict: "malformed"; readonly reason: string };

class Malformed extends Error {}

function must(holds: boolean, reason: string): void {
  if (!holds) throw new Malformed(reason);
}

class Cursor {
  at = 0;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  take(length: number): Uint8Array {
    must(this.at + length <= this.bytes.length, "the witness ends too early");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  number(width: 1 | 2 | 4): number {
    return this.take(width).reduce((value, byte) => value * 256 + byte, 0);
  }

  rest(): Uint8Array {
    return this.take(this.bytes.length - this.at);
  }
}

function openKernel(from: Cursor, { header, programRoot }: Statement, k: number): Kernel {
  must(k >= 0 && k < header.kernelCount, "no such kernel");
  const descriptor = from.take(from.number(2));
  const place = { count: header.kernelCount + 1, level: 0, index: k + 1 };
  const path = from.take(32 * pathLength(place));
  must(sameBytes(rootFromPath(kernelLeaf(descriptor), place, path), programRoot), "the kernel is not in the Program");
  return decodeKernel(descriptor, k);
}

/** Where a tensorRoot must be found: a list with its root, or the trace. */
type Listed = { readonly count: number; readonly index: number; readonly root: Hash; readonly traced: boolean };

function listOf(statement: Statement, { space, index }: Source): Listed {
  const { header, inputRoot, weightsRoot, outputRoot, traceRoot } = statement;
  if (space === SPACE.input) return { count: header.inputs.length, index, root: inputRoot, traced: false };
  if (space === SPACE.weight) return { count: header.weights.length, index, root: weightsRoot, traced: false };
  const { outputs } = header;
  const rank = outputs.findIndex(({ kernel }) => kernel === index);
  if (rank >= 0) return { count: outputs.length, index: rank, root: outputRoot, traced: false };
  const before = outputs.filter(({ kernel }) => kernel < index).length;
  return { count: header.kernelCount - outputs.length, index: index - before, root: traceRoot, traced: true };
}

/** The path that follows must lead from this tensorRoot to the root of the source's list or trace. */
function openTensor(from: Cursor, statement: Statement, source: Source, tensor: Hash): void {
  const { count, index, root, traced } = listOf(statement, source);
  const place = { count, level: 0, index };
  const path = from.take(32 * pathLength(place));
  const top = rootFromPath(traced ? traceLeaf(statement.traceSalt, source.index, tensor) : tensor, place, path);
  must(
    sameBytes(traced ? top : listRootFrom(count, top), root),
    `tensor ${source.index} of space ${source.space} is not committed`,
  );
}

type Declared = Source & { readonly dtype: Dtype; readonly length: number };

/** Sources with the dtype and length that the descriptor declares. */
function declaredSources(kernel: Kernel, k: number): Declared[] {
  return sourcesOf(kernel, k).map((source) => {
    if (source.space === SPACE.result && source.index === k)
      return { ...source, dtype: kernel.outType, length: resultElements(kernel) };
    const { dtype, length } = kernel.accesses.find(
      ({ space, index }) => space === source.space && index === source.index,
    )!;
    return { ...source, dtype, length };
  });
}

type Span = { readonly source: number; readonly first: number; readonly count: number; readonly data: Uint8Array };

type Opened = { readonly sources: readonly Declared[]; readonly spans: readonly Span[]; readonly hints: Uint8Array };

const leavesOf = ({ dtype, length }: Declared): number => leafCount(length * widthOf(dtype));

function openSpan(from: Cursor, sources: readonly Declared[], roots: readonly Hash[]): Span {
  const [source, first, count] = [from.number(1), from.number(4), from.number(2)];
  must(source < sources.length, "a span of a source that does not exist");
  const of = leavesOf(sources[source]!);
  must(count >= 1 && first + count <= of, "a span beyond its tensor");
  const data = from.take(LEAF_BYTES * count);
  const siblings = from.take(32 * spanSiblingCount({ of, first, count }));
  must(
    sameBytes(rootFromSpan(tensorLeaves(data), of, first, siblings), roots[source]!),
    "a span that is not in its tensor",
  );
  return { source, first, count, data };
}

function openSources(from: Cursor, statement: Statement, sources: readonly Declared[]): Opened {
  const roots = sources.map((source) => {
    const root = from.take(32);
    openTensor(from, statement, source, tensorRoot(source.dtype, source.length, root));
    return root;
  });
  const spans = Array.from({ length: from.number(2) }, () => openSpan(from, sources, roots));
  return { sources, spans, hints: from.rest() };
}

const holds = (span: Span | undefined, source: number, first: number, last: number): boolean =>
  span !== undefined && span.source === source && span.first <= first && last < span.first + span.count;

const wordIn = ({ first, data }: Span, dtype: Dtype, address: number): number =>
  readElement(data, dtype, address - first * perLeaf(dtype));

/** The value that evaluation gives on the opened leaves. */
function evaluated(kernel: Kernel, k: number, e: number, { sources, spans, hints }: Opened): number {
  const ordinals = kernel.accesses.map((access) =>
    sources.findIndex(({ space, index }) => space === access.space && index === access.index),
  );
  const current = new Map<number, Span>();
  let used = 0;
  const touch = (a: number, lowest: number, highest: number): void => {
    const per = perLeaf(kernel.accesses[a]!.dtype);
    const [first, last] = [Math.floor(lowest / per), Math.floor(highest / per)];
    if (holds(current.get(a), ordinals[a]!, first, last)) return;
    must(used < hints.length, "a hint is missing");
    const span = spans[hints[used++]!];
    must(holds(span, ordinals[a]!, first, last), "a hint to a span that does not hold the read");
    current.set(a, span!);
  };
  const read = (a: number, address: number): number => wordIn(current.get(a)!, kernel.accesses[a]!.dtype, address);
  const word = evaluateTouching({ kernel, k, e, touch, read });
  must(used === hints.length, "hints are left over");
  return narrow(kernel.outType, word);
}

function judgeElement(from: Cursor, statement: Statement, kernel: Kernel, k: number, e: number): boolean {
  const elements = resultElements(kernel);
  const per = perLeaf(kernel.outType);
  must(e >= 0 && e < Math.ceil(elements / per) * per, "no such element");
  const all = declaredSources(kernel, k);
  const isOwn = ({ space, index }: Source): boolean => space === SPACE.result && index === k;
  const opened = openSources(from, statement, e < elements ? all : all.filter(isOwn));
  const own = opened.sources.findIndex(isOwn);
  const leaf = Math.floor(e / per);
  const span = opened.spans.find((at) => holds(at, own, leaf, leaf));
  if (!span) throw new Malformed("the element's own leaf is not opened");
  if (e >= elements) must(opened.hints.length === 0, "hints are left over");
  const right = e < elements ? evaluated(kernel, k, e, opened) : 0;
  return right !== wordIn(span, kernel.outType, e);
}

function judgeShape(from: Cursor, statement: Statement, kernel: Kernel, k: number, ordinal: number): boolean {
  const source = declaredSources(kernel, k)[ordinal];
  if (!source || source.space === SPACE.weight) throw new Malformed("no such source, or a weight");
  const [dtype, elements] = [from.number(1), from.number(4)];
  openTensor(from, statement, source, tensorRoot(dtype, elements, from.take(32)));
  must(from.rest().length === 0, "bytes follow the witness");
  return dtype !== source.dtype || elements !== source.length;
}

/** The Arbiter's verdict on element e (mode 1: source e) of kernel k, whose descriptor is that of a valid kernel. */
export function checkWitness(statement: Statement, k: number, e: number, witness: Uint8Array): Verdict {
  const from = new Cursor(witness);
  try {
    const mode = from.number(1);
    must(mode <= 1, "no such mode");
    const judge = mode === 0 ? judgeElement : judgeShape;
    return { verdict: judge(from, statement, openKernel(from, statement, k), k, e) ? "wrong" : "right" };
  } catch (error) {
    if (error instanceof Malformed || error instanceof CommitmentError || error instanceof ProgramError)
      return { verdict: "malformed", reason: error.message };
    throw error;
  }
}
