import { INSTRUCTIONS, OP, type Program, SEGMENTS, validateProgram } from "@opengradient/program";
import { programOfSeed, shrink } from "@opengradient/program/random";
import { describe, expect, it } from "vitest";

const uses = (program: Program, op: number): boolean =>
  program.kernels.some((kernel) => SEGMENTS.some((segment) => kernel[segment].some(([code]) => code === op)));
const codeLength = (program: Program): number =>
  program.kernels.flatMap((kernel) => SEGMENTS.map((segment) => kernel[segment].length)).reduce((a, b) => a + b, 0);

describe("shrink", () => {
  it("leaves one kernel of one instruction of what an instruction makes fail", async () => {
    for (const op of [OP.umulh, OP.fsqrt, OP.select]) {
      const seed = Array.from({ length: 200 }, (_, i) => i + 1).find((s) => uses(programOfSeed(s), op!))!;
      const small = await shrink(programOfSeed(seed), (p) => uses(p, op!));
      validateProgram(small);
      expect(uses(small, op!), INSTRUCTIONS[op!]!.name).toBe(true);
      expect(small.kernels.length).toBe(1);
      expect(codeLength(small)).toBe(1);
      expect(small.kernels[0]!.loops).toEqual([]);
    }
  });

  it("keeps what must come together, and gives back what does not fail with less", async () => {
    const seed = Array.from({ length: 200 }, (_, i) => i + 1).find((s) => {
      const program = programOfSeed(s);
      return program.kernels.length > 3 && uses(program, OP.ld) && uses(program, OP.fdiv);
    })!;
    const both = (p: Program): boolean => uses(p, OP.ld) && uses(p, OP.fdiv);
    const small = await shrink(programOfSeed(seed), both);
    expect(both(small)).toBe(true);
    // every cut more would lose one of them
    expect(codeLength(small)).toBeLessThanOrEqual(3);
    const program = programOfSeed(seed);
    expect(await shrink(program, (p) => p === program)).toBe(program);
  });
});
