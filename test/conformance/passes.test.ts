import { type Module, PASSES } from "@opengradient/compiler";
import { importGraph } from "@opengradient/onnx";
import { outputsOf, programRoot, runReference, type Tensor, tensorsRoot, validateProgram } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { modelBytes } from "../../packages/onnx/test/onnxFile.ts";
import { tensorOf } from "../../packages/onnx/test/run.ts";
import { randomGraph } from "./randomGraphs.ts";

const GRAPHS = 150;

const run = ({ program, weights }: Module, input: Tensor): Tensor[] =>
  outputsOf(program, runReference(program, weights, [input]));

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

describe("compiler passes on random graphs", () => {
  it(`keep the outputs of ${GRAPHS} graphs: to the bit where they say so, else nearly`, () => {
    let fewer = 0;
    for (let seed = 1; seed <= GRAPHS; seed++) {
      const graph = randomGraph(seed, 2 + (seed % 14));
      if (graph.nodes.length === 0) continue;
      let module: Module = importGraph(modelBytes(graph));
      const before = module.program.kernels.length;
      const input = tensorOf(graph.input);
      let outputs = run(module, input);
      for (const pass of PASSES) {
        module = pass.run(module);
        const next = run(module, input);
        const what = `seed ${seed} after ${pass.name}`;
        if (pass.exact)
          expect(
            next.map((t) => Buffer.from(t.data).toString("hex")),
            what,
          ).toEqual(outputs.map((t) => Buffer.from(t.data).toString("hex")));
        else expectNear(next, outputs, what);
        outputs = next;
      }
      validateProgram(module.program);
      if (module.program.kernels.length < before) fewer++;
    }
    expect(fewer).toBeGreaterThan(GRAPHS / 2);
  });

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
