import { hashTensor, leafBytes, listRoot, rootOf, sameBytes, tensorTree } from "@opengradient/commitments";
import { describe, expect, it } from "vitest";
import {
  checkWitness,
  costOf,
  dotPattern,
  encodeKernel,
  factsOf,
  OP,
  provableElements,
  resultElements,
  runReference,
  sourcesOf,
  validateProgram,
  witnessElement,
  witnessShape,
} from "../src/index.ts";
import { programOfSeed, type Random, randomFrom, randomTensors } from "../src/random/index.ts";
import { claimOf, kernelWith, programWith, type Run, tensorOf } from "./programs.ts";

const SEEDS = Array.from({ length: 80 }, (_, seed) => 1_000 + seed);

function honest(seed: number) {
  const random = randomFrom(seed);
  const program = programOfSeed(seed);
  validateProgram(program);
  const tensors = randomTensors(random, program);
  const run: Run = { ...tensors, results: runReference(program, tensors.weights, tensors.inputs) };
  return { random, program, run, ...claimOf(program, run) };
}

describe("witness of an element", () => {
  it("is judged right when the claim is honest, and costs no more bytes than the formula says", () => {
    const seen = { dots: 0, groups: 0, padding: 0, hints: 0 };
    for (const seed of SEEDS) {
      const { random, program, committed, statement } = honest(seed);
      for (const [k, kernel] of program.kernels.entries())
        for (let n = 0; n < 4; n++) {
          const e = random.below(provableElements(kernel));
          const witness = witnessElement(program, k, e, committed);
          const { bytes, hints } = costOf(factsOf(program), k, kernel);
          expect(checkWitness(statement, k, e, witness), `seed ${seed}, kernel ${k}, element ${e}`).toEqual({
            verdict: "right",
          });
          expect(witness.length).toBeLessThanOrEqual(bytes);
          if (dotPattern(kernel)) seen.dots++;
          if (kernel.groupSize > 1) seen.groups++;
          if (e >= resultElements(kernel)) seen.padding++;
          if (hints > 1) seen.hints++;
        }
    }
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(50);
  });

  it("is judged wrong after one bit of the result is flipped", () => {
    for (const seed of SEEDS) {
      const { random, program, run } = honest(seed);
      const k = random.below(program.kernels.length);
      const data = run.results[k]!.slice();
      const e = random.below(resultElements(program.kernels[k]!));
      const width = data.length / resultElements(program.kernels[k]!);
      data[e * width + random.below(width)]! ^= 1 << random.below(8);
      const { committed, statement } = claimOf(program, { ...run, results: run.results.with(k, data) });
      const witness = witnessElement(program, k, e, committed);
      expect(checkWitness(statement, k, e, witness), `seed ${seed}, kernel ${k}, element ${e}`).toEqual({
        verdict: "wrong",
      });
    }
  });

  it("is never judged wrong against an honest claim, however it is mutated", () => {
    let malformed = 0;
    for (const seed of SEEDS.slice(0, 40)) {
      const { random, program, committed, statement } = honest(seed);
      const k = random.below(program.kernels.length);
      const e = random.below(provableElements(program.kernels[k]!));
      const witness = witnessElement(program, k, e, committed);
      for (let n = 0; n < 20; n++) {
        const verdict = checkWitness(statement, k, e, mutate(random, witness));
        expect(verdict.verdict, `seed ${seed}, mutation ${n}`).not.toBe("wrong");
        if (verdict.verdict === "malformed") malformed++;
      }
      for (const other of [e + 1, -1, provableElements(program.kernels[k]!)])
        expect(checkWitness(statement, k, other, witness).verdict).not.toBe("wrong");
    }
    expect(malformed).toBeGreaterThan(700);
  });
});

function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  const kind = random.below(3);
  const at = random.below(bytes.length);
  if (kind === 0) return bytes.subarray(0, at);
  if (kind === 1) return Uint8Array.from([...bytes, random.below(256)]);
  const bent = bytes.slice();
  bent[at]! ^= 1 << random.below(8);
  return bent;
}

/** One kernel that copies an i32 input of 100 elements. */
const copy = () => {
  const words = Array.from({ length: 100 }, (_, i) => 7 * i);
  const input = tensorOf(1, words);
  const kernel = kernelWith({
    loops: [100],
    accesses: [
      {
        ...{ space: 0, index: 0, dtype: 1, length: 100, elseWord: 0, dynMask: 0 },
        coordinates: [{ base: 0, extent: 100, stride: 1, coef: [1] }],
      },
    ],
    done: [[OP.ld, 0, 0, 0]],
    results: [16],
  });
  const program = programWith(kernel, { inputs: [input] });
  const run: Run = { weights: [], inputs: [input], results: runReference(program, [], [input]) };
  return { program, kernel, run, ...claimOf(program, run) };
};

describe("witness bytes, spelled out", () => {
  const { program, kernel, committed, statement, run } = copy();
  const descriptor = encodeKernel(kernel);

  it("of an element", () => {
    const witness = witnessElement(program, 0, 70, committed);
    const view = new DataView(witness.buffer, witness.byteOffset);
    expect([view.getUint8(0), view.getUint16(1)]).toEqual([0, descriptor.length]);
    // descriptor, header leaf, two sources of one tensor each, two spans of the second of two leaves, one hint
    const at = 3 + descriptor.length + 32 + 2 * 32;
    expect(view.getUint16(at)).toBe(2);
    const span = 1 + 4 + 2 + 256 + 32;
    expect(witness.length).toBe(at + 2 + 2 * span + 1);
    expect([...witness.subarray(at + 2, at + 9)]).toEqual([0, 0, 0, 0, 1, 0, 1]);
    expect(witness.subarray(at + 9, at + 9 + 256)).toEqual(leafBytes(run.inputs[0]!.data, 1));
    expect([...witness.subarray(at + 2 + span, at + 2 + span + 7)]).toEqual([1, 0, 0, 0, 1, 0, 1]);
    expect(witness.at(-1)).toBe(0);
  });

  it("of a padding element hold only the result, and prove what is not zero there", () => {
    expect(provableElements(kernel)).toBe(128);
    const witness = witnessElement(program, 0, 127, committed);
    expect(witness.length).toBe(3 + descriptor.length + 32 + 32 + 2 + (7 + 256 + 32));
    expect(checkWitness(statement, 0, 127, witness)).toEqual({ verdict: "right" });
    const padded = new Uint8Array(512);
    padded.set(run.results[0]!);
    padded[511] = 1;
    const lie = claimOf(program, { ...run, results: [padded] });
    const proof = witnessElement(program, 0, 127, lie.committed);
    expect(checkWitness(lie.statement, 0, 127, proof)).toEqual({ verdict: "wrong" });
    expect(checkWitness(lie.statement, 0, 126, proof)).toEqual({ verdict: "right" });
  });

  it("refuse hints left over, missing, or to a span of another source", () => {
    const witness = witnessElement(program, 0, 70, committed);
    const reason = (bytes: Uint8Array) => checkWitness(statement, 0, 70, bytes);
    expect(reason(Uint8Array.from([...witness, 0]))).toEqual({ verdict: "malformed", reason: "hints are left over" });
    expect(reason(witness.subarray(0, -1))).toEqual({ verdict: "malformed", reason: "a hint is missing" });
    expect(reason(Uint8Array.from([...witness.subarray(0, -1), 1]))).toMatchObject({ verdict: "malformed" });
    expect(checkWitness(statement, 1, 70, witness)).toEqual({ verdict: "malformed", reason: "no such kernel" });
    expect(reason(Uint8Array.of(2))).toEqual({ verdict: "malformed", reason: "no such mode" });
  });
});

describe("witness of a shape", () => {
  it("proves a tensor that was committed with another dtype or length, and no other", () => {
    const { program, run, committed, statement } = copy();
    const own = sourcesOf(program.kernels[0]!, 0).length - 1;
    const root = rootOf(tensorTree(run.results[0]!));
    const right = { dtype: 1, elements: 100, root };
    const place = { k: 0, ordinal: own };
    expect(sameBytes(hashTensor(1, 100, run.results[0]!), committed.roots[2])).toBe(true);
    expect(checkWitness(statement, 0, own, witnessShape(program, place, right, committed))).toEqual({
      verdict: "right",
    });
    for (const shape of [
      { ...right, dtype: 0 },
      { ...right, elements: 99 },
    ]) {
      const lie = hashTensor(shape.dtype, shape.elements, run.results[0]!);
      const roots = [committed.roots[0], committed.roots[1], lie] as const;
      const outputRoot = claimOf(program, run).statement.outputRoot;
      const lying = { ...statement, outputRoot: listRoot(lie) };
      expect(sameBytes(lying.outputRoot, outputRoot)).toBe(false);
      const witness = witnessShape(program, place, shape, { ...committed, roots });
      expect(checkWitness(lying, 0, own, witness)).toEqual({ verdict: "wrong" });
      expect(checkWitness(statement, 0, own, witness)).toMatchObject({ verdict: "malformed" });
      expect(checkWitness(lying, 0, own, Uint8Array.from([...witness, 0]))).toMatchObject({ verdict: "malformed" });
      expect(checkWitness(lying, 0, 2, witness)).toMatchObject({ verdict: "malformed" });
    }
  });
});
