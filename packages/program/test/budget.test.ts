import { clog2, leafCount, pathLength, spanSiblingCount } from "@opengradient/commitments";
import { describe, expect, it } from "vitest";
import {
  type Cost,
  costOf,
  elementsOf,
  factsOf,
  type Program,
  resultElements,
  runReference,
  type Source,
  sourcesOf,
  traceKernels,
  widthOf,
  witnessElement,
} from "../src/index.ts";
import { programOfSeed, randomFrom, randomTensors } from "../src/random/index.ts";
import { claimOf } from "./programs.ts";

/** Leaves of a source's tree, and the length of its tensorRoot's path. */
function sourceTree(program: Program, { space, index }: Source): { leaves: number; path: number } {
  const { inputs, weights, outputs, kernels } = program;
  if (space < 2) {
    const list = space === 0 ? inputs : weights;
    const leaves = leafCount(elementsOf(list[index]!) * widthOf(list[index]!.dtype));
    return { leaves, path: pathLength({ count: list.length, level: 0, index }) };
  }
  const leaves = leafCount(resultElements(kernels[index]!) * widthOf(kernels[index]!.outType));
  const rank = outputs.findIndex(({ kernel }) => kernel === index);
  const hidden = traceKernels(program);
  const place =
    rank >= 0 ? { count: outputs.length, index: rank } : { count: hidden.length, index: hidden.indexOf(index) };
  return { leaves, path: pathLength({ ...place, level: 0 }) };
}

/** Bytes and work (by the rates of cost.md) of a witness's spans, and its hints. */
function measure(
  program: Program,
  k: number,
  witness: Uint8Array,
): { bytes: number; work: number; spans: number; hints: number } {
  const view = new DataView(witness.buffer, witness.byteOffset);
  const trees = sourcesOf(program.kernels[k]!, k).map((source) => sourceTree(program, source));
  let at = 3 + view.getUint16(1) + 32 * pathLength({ count: program.kernels.length + 1, level: 0, index: k + 1 });
  for (const { path } of trees) at += 32 + 32 * path;
  const spans = view.getUint16(at);
  at += 2;
  const before = at;
  let work = 0;
  for (let i = 0; i < spans; i++) {
    const of = trees[view.getUint8(at)]!.leaves;
    const [first, count] = [view.getUint32(at + 1), view.getUint16(at + 5)];
    work += 1_500 + 500 * clog2(of) + 600 * count;
    at += 7 + 256 * count + 32 * spanSiblingCount({ of, first, count });
  }
  return { bytes: at - before, work, spans, hints: witness.length - at };
}

/** What the formula holds for spans. */
function allowed(cost: Cost, ownDepth: number): { bytes: number; work: number } {
  const sum = (f: (at: Cost["footprints"][number]) => number): number =>
    cost.footprints.reduce((all, at) => all + f(at), 0);
  return {
    bytes: sum((at) => at.spans * (8 + 64 * at.depth) + 256 * at.leafCount) + 8 + 64 * ownDepth + 256,
    work: sum((at) => at.spans * (1_500 + 500 * at.depth) + 600 * at.leafCount) + 2_100 + 500 * ownDepth,
  };
}

describe("the spans and hints of any witness", () => {
  it("stay below the formula, in bytes, in gas and in number", () => {
    let mostSpans = 0;
    for (let seed = 2_000; seed < 2_120; seed++) {
      const random = randomFrom(seed);
      const program = programOfSeed(seed);
      const tensors = randomTensors(random, program);
      const results = runReference(program, tensors.weights, tensors.inputs);
      const { committed } = claimOf(program, { ...tensors, results });
      for (const [k, kernel] of program.kernels.entries())
        for (let n = 0; n < 3; n++) {
          const e = random.below(resultElements(kernel));
          const cost = costOf(factsOf(program), k, kernel);
          const found = measure(program, k, witnessElement(program, k, e, committed));
          const own = clog2(leafCount(resultElements(kernel) * widthOf(kernel.outType)));
          const most = allowed(cost, own);
          const where = `seed ${seed}, kernel ${k}, element ${e}`;
          expect(found.bytes, where).toBeLessThanOrEqual(most.bytes);
          expect(found.work + 16 * found.bytes, where).toBeLessThanOrEqual(most.work + 16 * most.bytes);
          expect(found.hints, where).toBeLessThanOrEqual(cost.hints);
          mostSpans = Math.max(mostSpans, found.spans);
        }
    }
    expect(mostSpans).toBeGreaterThan(20);
  });
});
