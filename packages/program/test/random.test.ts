import { describe, expect, it } from "vitest";
import { dotPattern, INSTRUCTIONS, type Program, resultElements, runReference, validateProgram } from "../src/index.ts";
import {
  countOperands,
  emptyOperandTable,
  OPERAND_CLASSES,
  printOperandTable,
  programOfSeed,
  randomFrom,
  randomProgram,
  randomTensors,
} from "../src/random/index.ts";

const PROGRAMS = Array.from({ length: 300 }, (_, seed) => programOfSeed(seed));

const kernels = PROGRAMS.flatMap((program) => program.kernels);
const accesses = kernels.flatMap((kernel) => kernel.accesses);

describe("random Programs", () => {
  it("are valid, and the same for the same seed", () => {
    for (const program of PROGRAMS) validateProgram(program);
    expect(randomProgram(randomFrom(17))).toEqual(PROGRAMS[17]);
    expect(PROGRAMS[18]).not.toEqual(PROGRAMS[17]);
  });

  const counts = (list: readonly number[]): number[] => [...new Set(list)].sort((a, b) => a - b);

  it("have every shape that the format allows", () => {
    expect(counts(kernels.map(({ loops }) => loops.length))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(counts(kernels.map(({ folds }) => folds.length))).toEqual([0, 1, 2, 3, 4]);
    expect(counts(kernels.map(({ state }) => state))).toEqual([0, 1, 2, 3, 4]);
    expect(counts(kernels.map(({ groupSize }) => groupSize))).toEqual([1, 2, 3, 4]);
    expect(counts(kernels.map(({ outType }) => outType))).toEqual([0, 1, 2, 3]);
    expect(counts(accesses.map(({ coordinates }) => coordinates.length))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(counts(accesses.map(({ dtype }) => dtype))).toEqual([0, 1, 2, 3]);
    expect(counts(accesses.map(({ space }) => space))).toEqual([0, 1, 2]);
    expect(counts(PROGRAMS.map(({ inputs }) => inputs.length))).toEqual([1, 2, 3]);
    expect(counts(PROGRAMS.map(({ weights }) => weights.length))).toEqual([0, 1, 2, 3]);
  });

  const often = (what: string, count: number): void => expect(count, what).toBeGreaterThan(30);

  it("read in every way", () => {
    const coordinates = accesses.flatMap((access) => access.coordinates);
    often("dynamic", accesses.filter(({ dynMask }) => dynMask).length);
    often("two dynamic", accesses.filter(({ dynMask }) => dynMask & (dynMask - 1)).length);
    often("negative base", coordinates.filter(({ base }) => base < 0).length);
    often("negative coefficient", coordinates.filter(({ coef }) => coef.some((c) => c < 0)).length);
    often("stride of zero", coordinates.filter(({ stride }) => stride === 0).length);
    often("large box", coordinates.filter(({ extent }) => extent > 2 ** 28).length);
    often("NaN or odd else-word", accesses.filter(({ elseWord }) => elseWord !== 0).length);
    const itself = ({ kernels }: Program) =>
      kernels.filter((kernel, k) => kernel.accesses.some(({ space, index }) => space === 2 && index === k));
    often("self-reading", PROGRAMS.flatMap(itself).length);
    const later = ({ kernels }: Program) =>
      kernels.filter((kernel, k) => kernel.accesses.some(({ space, index }) => space === 2 && index > k));
    often("reading a later member", PROGRAMS.flatMap(later).length);
    often("beyond one leaf", kernels.filter((kernel) => resultElements(kernel) > 256).length);
  });

  it("have dot folds of every kind", () => {
    const dots = kernels.flatMap((kernel) => dotPattern(kernel) ?? []);
    often("f32", dots.filter(({ kind }) => kind === "f32").length);
    often("i8", dots.filter(({ kind, leftZero }) => kind === "i8" && leftZero === undefined).length);
    often("left zero point", dots.filter((dot) => dot.leftZero !== undefined && dot.rightZero === undefined).length);
    often("both zero points", dots.filter(({ rightZero }) => rightZero !== undefined).length);
    expect(dots.filter(({ left, right }) => left === right).length, "one access twice").toBeGreaterThan(5);
  });

  it("bring every instruction together with every kind of operand", () => {
    const table = emptyOperandTable();
    for (const [seed, program] of PROGRAMS.slice(0, 150).entries()) {
      const random = randomFrom(seed);
      const { weights, inputs } = randomTensors(random, program);
      const results = runReference(program, weights, inputs);
      const tensors = { inputs: inputs.map(({ data }) => data), weights: weights.map(({ data }) => data), results };
      for (const [k, kernel] of program.kernels.entries())
        for (let n = 0; n < 3; n++)
          countOperands(table, program, tensors, { k, e: random.below(resultElements(kernel)) });
    }
    const never = INSTRUCTIONS.flatMap(({ op, name }) =>
      OPERAND_CLASSES.filter((kind) => table[op]![kind] === 0).map((kind) => `${name} ${kind}`),
    );
    expect(never, printOperandTable(table)).toEqual([]);
  });
});
