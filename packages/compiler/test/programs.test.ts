import { type Module, PASSES } from "@opengradient/compiler";
import { outputsOf, runReference, type Tensor, toDraft, toKernel, validateProgram } from "@opengradient/program";
import { programOfSeed, randomFrom, randomTensors } from "@opengradient/program/random";
import { describe, expect, it } from "vitest";

const SEEDS = Array.from({ length: 150 }, (_, seed) => seed);

const hex = (tensors: readonly Tensor[]): string[] => tensors.map(({ data }) => Buffer.from(data).toString("hex"));

describe("any valid Program", () => {
  it("keeps its meaning as expressions and back", () => {
    for (const seed of SEEDS) {
      const program = programOfSeed(seed);
      const { weights, inputs } = randomTensors(randomFrom(seed), program);
      const again = { ...program, kernels: program.kernels.map((kernel) => toKernel(toDraft(kernel))) };
      validateProgram(again);
      const results = runReference(program, weights, inputs);
      const others = runReference(again, weights, inputs);
      for (const k of program.kernels.keys())
        expect(Buffer.compare(others[k]!, results[k]!), `seed ${seed}, kernel ${k}`).toBe(0);
    }
  });

  it("keeps its outputs, to the bit, through every exact pass", () => {
    let removed = 0;
    for (const seed of SEEDS) {
      const program = programOfSeed(seed);
      const { weights, inputs } = randomTensors(randomFrom(seed), program);
      let module: Module = { program, weights, labels: program.kernels.map((_, k) => `kernel ${k}`) };
      const run = (): string[] => hex(outputsOf(module.program, runReference(module.program, module.weights, inputs)));
      let outputs = run();
      for (const pass of PASSES) {
        module = pass.run(module);
        const next = run();
        if (pass.kind === "exact") expect(next, `seed ${seed} after ${pass.name}`).toEqual(outputs);
        outputs = next;
      }
      validateProgram(module.program);
      removed += program.kernels.length - module.program.kernels.length;
    }
    expect(removed).toBeGreaterThan(50);
  });
});
