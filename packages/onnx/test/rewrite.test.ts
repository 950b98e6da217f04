import { calibrated, quantiseModel, type Range, readModel, withOutputs } from "@opengradient/onnx";
import { describe, expect, it } from "vitest";
import { type ModelFacts, modelBytes, type NodeFacts } from "./onnxFile.ts";
import { random, runModel } from "./run.ts";

const node = (op: string, inputs: string[], output: string, attributes: NodeFacts["attributes"] = {}): NodeFacts => ({
  ...{ op, inputs, outputs: [output], attributes },
});

const facts = {
  inputs: [{ name: "x", dims: [1, 2, 6, 6] }],
  weights: [
    { name: "w", ...random(1, [4, 2, 3, 3]) },
    { name: "b", ...random(2, [4]) },
    { name: "g", ...random(3, [5, 36]) },
    { name: "m", ...random(4, [5, 3]) },
  ],
  nodes: [
    node("Conv", ["x", "w", "b"], "c", { pads: [1, 1, 1, 1] }),
    node("Relu", ["c"], "r"),
    node("MaxPool", ["r"], "p", { kernel_shape: [2, 2], strides: [2, 2] }),
    node("Flatten", ["p"], "f"),
    node("Gemm", ["f", "g"], "d", { transB: 1 }),
    node("MatMul", ["d", "m"], "y"),
    node("Exp", ["d"], "e"),
  ],
  outputs: [{ name: "y" }, { name: "e" }],
} satisfies ModelFacts;
const file = modelBytes(facts);
const x = random(5, [1, 2, 6, 6]);

/** What each tensor that is to be quantised holds in one run. */
function rangesOn(bytes: Uint8Array): Map<string, Range> {
  const names = calibrated(bytes);
  const values = runModel(withOutputs(bytes, names), [x]).slice(facts.outputs.length);
  return new Map(
    names.map((name, i) => [name, { least: Math.min(...values[i]!.values), most: Math.max(...values[i]!.values) }]),
  );
}

describe("the 8-bit form of a model", () => {
  it("quantises what products read, before what only moves it, and answers nearly the same", () => {
    // the integers of "r" go through MaxPool and Flatten
    expect(calibrated(file)).toEqual(["x", "r", "d"]);
    const eight = quantiseModel(file, rangesOn(file));
    const { graph } = readModel(eight);
    expect(graph.initializers.map(({ name }) => name).filter((name) => !name.includes("."))).toEqual(["b"]);
    expect(graph.nodes.filter(({ operator }) => operator === "QuantizeLinear").map(({ inputs }) => inputs[0])).toEqual([
      "x",
      "r",
      "d",
    ]);
    const [real, whole] = [runModel(file, [x]), runModel(eight, [x])];
    for (const [i, { values }] of real.entries()) {
      const most = Math.max(...values.map(Math.abs));
      values.forEach((value, e) => {
        expect(Math.abs(whole[i]!.values[e]! - value)).toBeLessThan(0.03 * most);
      });
    }
    expect(whole).not.toEqual(real);
  });

  it("leaves floats where no range is given, and weights that others read", () => {
    const ranges = new Map([["d", { least: -3, most: 3 }]]);
    const shared = modelBytes({ ...facts, nodes: [...facts.nodes.slice(0, 6), node("Exp", ["m"], "e")] });
    const { graph } = readModel(quantiseModel(shared, ranges));
    const names = graph.initializers.map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual(["w", "b", "g", "m"]);
    expect(graph.nodes.filter(({ operator }) => operator === "QuantizeLinear")).toHaveLength(1);
  });

  it("has one scale for each weight where the operator set knows no axis", () => {
    const eight = quantiseModel(modelBytes({ ...facts, opset: 11 }), rangesOn(file));
    const scale = readModel(eight).graph.initializers.find(({ name }) => name === "w.0.scale")!;
    expect(scale.dims).toEqual([]);
    const scales = readModel(quantiseModel(file, rangesOn(file))).graph.initializers;
    expect(scales.find(({ name }) => name === "w.0.scale")!.dims).toEqual([4]);
  });

  it("is refused in words: too old, nothing to do, no bounds", () => {
    expect(() => calibrated(modelBytes({ ...facts, opset: 9 }))).toThrow(/opset 9 has no QuantizeLinear/);
    expect(() => calibrated(modelBytes({ ...facts, nodes: facts.nodes.slice(1, 2) }))).toThrow(/nothing can be quanti/);
    const open = new Map([["x", { least: 0, most: Number.POSITIVE_INFINITY }]]);
    expect(() => quantiseModel(file, open)).toThrow(/"x" is not finite/);
  });
});
