import { readFileSync } from "node:fs";
import { importModel } from "@opengradient/cli";
import { compile, load } from "@opengradient/engine";
import { costOf, factsOf, runReference } from "@opengradient/program";
import { expect, test } from "vitest";

const file = (name: string): URL => new URL(`../../packages/models/loans/${name}`, import.meta.url);
const { program, weights } = importModel(new Uint8Array(readFileSync(file("loans.onnx"))));

type Sample = { readonly application: readonly number[]; readonly risk: number };
const { samples } = JSON.parse(readFileSync(file("samples.json"), "utf8")) as { samples: Sample[] };

test("the loan model gives the risks that its trainer recorded, in engine and reference alike", async () => {
  const engine = await load(await compile(program), weights);
  expect(samples.length).toBeGreaterThanOrEqual(10);
  for (const { application, risk } of samples) {
    const input = { dtype: 1 as const, dims: [1, 8], data: new Uint8Array(Int32Array.from(application).buffer) };
    const [output] = engine.run([input]);
    expect(runReference(program, weights, [input]).at(-1)).toEqual(output!.data);
    // The trainer adds in double precision: a risk that lies near half a point may round to its neighbour.
    expect(Math.abs(new Int32Array(output!.data.slice().buffer)[0]! - risk)).toBeLessThanOrEqual(1);
  }
});

test("it is proven wrong for little gas", () => {
  const facts = factsOf(program);
  const gas = program.kernels.map((kernel, k) => costOf(facts, k, kernel).gas);
  expect(program.kernels.length).toBeLessThanOrEqual(4);
  expect(Math.max(...gas)).toBeLessThan(500_000);
});
