/** A kernel's stages while they are drafted: copies into buffers, then the kernel reading those. */
import type { Affine, Lowered, Read, Source } from "./lower.ts";
import { mergeAxes, usedReads } from "./lower.ts";
import { plainFunction } from "./plain.ts";
import type { Factor } from "./products.ts";
import { plainShape } from "./shapes.ts";
import { type Buffer, type CodedStage, stageOf } from "./stages.ts";
import { transposeFunction } from "./transpose.ts";

export type Draft = {
  readonly buffers: Buffer[];
  readonly stages: CodedStage[];
  readonly sources: Source[];
  readonly notes: string[];
};

export const newDraft = (k: Lowered): Draft => ({ buffers: [], stages: [], sources: [...k.sources], notes: [] });

/** Where a factor lies ready to be read without checks. */
export type Place = { readonly slot: number; readonly address: Affine };

/** A copy may be so many times as large as what it is made of. */
const LARGEST_GROWTH = 8;
const SMALLEST_LIMIT = 4_096;

export const isTooLarge = (elements: number, factor: Factor): boolean =>
  elements > Math.max(SMALLEST_LIMIT, LARGEST_GROWTH * factor.read.box!.length);

/** Adds copies into one buffer of so many bytes and gives the buffer's slot. */
export function addBuffer(draft: Draft, kernels: readonly Lowered[], bytes: number): number {
  const atLoad = kernels.every((kernel) => kernel.sources.every((source) => source.kind === "weight"));
  const index = draft.buffers.push({ bytes, atLoad }) - 1;
  for (const kernel of kernels) {
    const k = mergeAxes(kernel);
    const coded = transposeFunction(k) ?? plainFunction(k, plainShape(k));
    draft.stages.push(stageOf(k, "vectors", coded, { kind: "buffer", index }));
  }
  return draft.sources.push({ kind: "buffer", index }) - 1;
}

/** The read of a factor at its place. */
export const placeRead = (read: Read, { slot, address }: Place): Read => ({
  ...read,
  box: undefined,
  // any word: it only lets scalar code load it as an f32
  dtype: 0,
  slot,
  address,
  guards: [],
  outside: false,
  bound: 0,
});

/** Only the sources that code reads, numbered anew: a weight that was only packed need not stay in memory. */
export function withoutUnused(k: Lowered): Lowered {
  const slots = new Set(usedReads(k).map((read) => read.slot));
  const kept = [...slots].sort((a, b) => a - b);
  const renumber = (read: Read): Read => ({ ...read, slot: kept.indexOf(read.slot) });
  const sources = kept.map((slot) => k.sources[slot]!);
  return { ...k, sources, inner: k.inner.map(renumber), outer: k.outer.map(renumber) };
}
