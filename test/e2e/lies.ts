import { clog2, concatBytes, hashAt, leafCount, rootOf, tensorRoot, tensorTree } from "@opengradient/commitments";
import { type CommittedRun, commitRoots, resultShape, type ShapeOf } from "@opengradient/dispute";
import {
  type CommittedShape,
  DTYPE,
  type Kernel,
  readElement,
  resultElements,
  writeElement,
} from "@opengradient/program";
import type { Random } from "@opengradient/program/random";

export const LIE_KINDS = ["bit", "zero", "nan", "padding", "shape"] as const;
export type LieKind = (typeof LIE_KINDS)[number];

/** What an operator committed to instead of the truth, and what it serves of it. */
export type Lied = { readonly what: string; readonly theirs: CommittedRun; readonly shapeOf?: ShapeOf };

/** A false run of this kind, or undefined where the Program has no place for it. */
export function lieOf(kind: LieKind, honest: CommittedRun, random: Random): Lied | undefined {
  switch (kind) {
    case "bit":
      return bitLie(honest, random);
    case "zero":
      return wordLie(honest, random, { what: "-0 for +0", from: (word) => word === 0, to: () => 0x80000000 });
    case "nan":
      return wordLie(honest, random, { what: "a NaN that is not canonical", from: () => true, to: () => 0x7fa00001 });
    case "padding":
      return paddingLie(honest, random);
    case "shape":
      return shapeLie(honest, random);
  }
}

function withResult(honest: CommittedRun, k: number, data: Uint8Array): CommittedRun {
  const { dtype, elements } = resultShape(honest.program.kernels[k]!);
  const root = tensorRoot(dtype, elements, rootOf(tensorTree(data)));
  const results = honest.results.with(k, data);
  return commitRoots(honest.program, { inputs: honest.inputs, results }, withRoot(honest, k, root));
}

const withRoot = ({ traceSalt, inputRoots, resultRoots, program }: CommittedRun, k: number, root: Uint8Array) => ({
  traceSalt,
  inputRoots,
  resultRoots: concatBytes(program.kernels.map((_, i) => (i === k ? root : hashAt(resultRoots, i)))),
});

function bitLie(honest: CommittedRun, random: Random): Lied {
  const k = random.below(honest.program.kernels.length);
  const byte = random.below(honest.results[k]!.length);
  const bit = random.below(8);
  const data = honest.results[k]!.slice();
  data[byte]! ^= 1 << bit;
  return { what: `bit ${bit} of byte ${byte} of result ${k}`, theirs: withResult(honest, k, data) };
}

type Words = { readonly what: string; readonly from: (word: number) => boolean; readonly to: () => number };

function wordLie(honest: CommittedRun, random: Random, { what, from, to }: Words): Lied | undefined {
  const places = honest.program.kernels.flatMap((kernel, k) =>
    kernel.outType === DTYPE.f32 ? elementsWhere(kernel, honest.results[k]!, from).map((e) => [k, e] as const) : [],
  );
  if (places.length === 0) return undefined;
  const [k, e] = random.pick(places);
  const data = honest.results[k]!.slice();
  writeElement(data, DTYPE.f32, e, to());
  return { what: `${what} in element ${e} of result ${k}`, theirs: withResult(honest, k, data) };
}

const elementsWhere = (kernel: Kernel, data: Uint8Array, holds: (word: number) => boolean): number[] =>
  Array.from({ length: resultElements(kernel) }, (_, e) => e).filter((e) => holds(readElement(data, DTYPE.f32, e)));

/** Something behind the last element, where there must be zeros. */
function paddingLie(honest: CommittedRun, random: Random): Lied | undefined {
  const padded = honest.program.kernels.flatMap((_, k) => (honest.results[k]!.length % 256 ? [k] : []));
  if (padded.length === 0) return undefined;
  const k = random.pick(padded);
  const data = new Uint8Array(256 * leafCount(honest.results[k]!.length));
  data.set(honest.results[k]!);
  const at = random.between(honest.results[k]!.length, data.length - 1);
  data[at] = random.between(1, 255);
  return { what: `byte ${at} of the padding of result ${k}`, theirs: withResult(honest, k, data) };
}

/** The same data under another dtype or another length. */
function shapeLie(honest: CommittedRun, random: Random): Lied {
  const { program } = honest;
  const k = random.below(program.kernels.length);
  const { dtype, elements } = resultShape(program.kernels[k]!);
  const root = rootOf(tensorTree(honest.results[k]!));
  const shape: CommittedShape = random.oneIn(2)
    ? { dtype: (dtype + 1 + random.below(3)) % 4, elements, root }
    : { dtype, elements: elements + 1 + random.below(1 << clog2(elements)), root };
  const committed = tensorRoot(shape.dtype, shape.elements, shape.root);
  const run = { inputs: honest.inputs, results: honest.results };
  return {
    what: `dtype ${shape.dtype}, ${shape.elements} elements for result ${k}`,
    theirs: commitRoots(program, run, withRoot(honest, k, committed)),
    shapeOf: (name) => (name.object === 5 && name.tensor === k ? shape : undefined),
  };
}
