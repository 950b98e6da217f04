import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Module, PASSES } from "@opengradient/compiler";
import { importGraph } from "@opengradient/onnx";
import { outputsOf, programRoot, runReference, type Tensor, tensorsRoot, validateProgram } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { sampleInputs } from "../../packages/cli/src/model/report.ts";
import { modelBytes } from "../../packages/onnx/test/onnxFile.ts";
import { tensorOf } from "../../packages/onnx/test/run.ts";
import { randomGraph } from "./randomGraphs.ts";

const GRAPHS = 150;

const run = ({ program, weights }: Module, inputs: readonly Tensor[]): Tensor[] =>
  outputsOf(program, runReference(program, weights, inputs));

const hex = (tensors: readonly Tensor[]): string[] => tensors.map(({ data }) => Buffer.from(data).toString("hex"));
const floats = (tensor: Tensor): Float32Array => new Float32Array(tensor.data.slice().buffer);

function expectNear(got: Tensor[], expected: Tensor[], what: string): void {
  for (const [i, want] of expected.entries()) {
    const [a, b] = [floats(got[i]!), floats(want)];
    const most = b.reduce((all, x) => (Number.isFinite(x) ? Math.max(all, Math.abs(x)) : all), 1e-3);
    const far = a.findIndex(
      (x, e) => x !== b[e] && !(Number.isNaN(x) && Number.isNaN(b[e]!)) && Math.abs(x - b[e]!) > 1e-4 * most,
    );
    expect(far, `${what}: output ${i}, element ${far}: ${a[far]} instead of ${b[far]}`).toBe(-1);
  }
}

/** Runs all passes; the reference's outputs stay the same to the bit where a pass says so, else nearly. */
function throughPasses(imported: Module, inputs: readonly Tensor[], what: string): Module {
  let module = imported;
  let outputs = run(module, inputs);
  for (const pass of PASSES) {
    const next = pass.run(module);
    if (next === module) continue;
    module = next;
    const got = run(module, inputs);
    if (pass.kind === "exact") expect(hex(got), `${what} after ${pass.name}`).toEqual(hex(outputs));
    else expectNear(got, outputs, `${what} after ${pass.name}`);
    outputs = got;
  }
  validateProgram(module.program);
  return module;
}

describe("compiler passes", () => {
  it(`keep the outputs of ${GRAPHS} random graphs: to the bit where they say so, else nearly`, () => {
    let fewer = 0;
    for (let seed = 1; seed <= GRAPHS; seed++) {
      const graph = randomGraph(seed, 2 + (seed % 14));
      if (graph.nodes.length === 0) continue;
      const imported = importGraph(modelBytes(graph));
      const { program } = throughPasses(imported, [tensorOf(graph.input)], `seed ${seed}`);
      if (program.kernels.length < imported.program.kernels.length) fewer++;
    }
    expect(fewer).toBeGreaterThan(GRAPHS / 2);
  });

  const shared = "../../../shared/data/models/";
  const trained = [
    { name: "DTLN", path: `${shared}dtln/model_1.onnx` },
    { name: "GTCRN", path: `${shared}gtcrn/gtcrn_simple.onnx` },
  ].map(({ name, path }) => ({ name, file: fileURLToPath(new URL(path, import.meta.url)) }));
  for (const { name, file } of trained) {
    const missing = existsSync(file) ? "" : " (skipped: no shared data)";
    it.skipIf(missing !== "")(`keep the outputs of ${name}${missing}`, () => {
      const imported = importGraph(new Uint8Array(readFileSync(file)));
      throughPasses(imported, sampleInputs(imported.program), name);
    });
  }

  it("give the same roots twice", () => {
    const roots = (): string[] => {
      let module: Module = importGraph(modelBytes(randomGraph(12, 14)));
      for (const pass of PASSES) module = pass.run(module);
      return [programRoot(module.program), tensorsRoot(module.weights)].map((root) =>
        Buffer.from(root).toString("hex"),
      );
    };
    expect(roots()).toEqual(roots());
  });
});
