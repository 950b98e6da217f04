import { OP, type Program, SEGMENTS } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { type Check, checkEngine, fuzz, subjectOf } from "../src/fuzz.ts";

const uses = (program: Program, op: number): boolean =>
  program.kernels.some((kernel) => SEGMENTS.some((segment) => kernel[segment].some(([code]) => code === op)));

describe("og fuzz", () => {
  it("goes on while reference and engine agree", async () => {
    const seen: number[] = [];
    const goOn = (done: number): boolean => done < 5;
    const report = await fuzz({ seed: 31, check: checkEngine, goOn, onProgram: (seed) => seen.push(seed) });
    expect(report).toEqual({ programs: 5 });
    expect(seen).toEqual([31, 32, 33, 34, 35]);
  });

  it("stops at the first Program that differs, and shrinks it", async () => {
    const check: Check = async ({ program }) => (uses(program, OP.umulh) ? "differs" : undefined);
    const { programs, finding } = await fuzz({ seed: 1, check, goOn: () => true });
    expect(uses(subjectOf(finding!.seed).program, OP.umulh)).toBe(true);
    expect(finding!.seed).toBe(programs);
    expect(finding!.smallest.kernels.map(({ init, step, done }) => [...init, ...step, ...done].length)).toEqual([1]);
  });
});
