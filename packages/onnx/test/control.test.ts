import { describe, expect, it } from "vitest";
import { type GraphFacts, type ModelFacts, modelBytes, type NodeFacts } from "./onnxFile.ts";
import { runModel } from "./run.ts";

const x = { dims: [3], values: [1, 2, 3] };
const open = { name: "x", dims: [3] };
const scalar = (name: string, type: "bool" | "i64", value: number) => ({ name, type, dims: [], values: [value] });
const node = (op: string, inputs: string[], output: string, attributes: NodeFacts["attributes"] = {}): NodeFacts => ({
  op,
  inputs,
  outputs: [output],
  attributes,
});
const unary = (op: string): GraphFacts => ({ nodes: [node(op, ["x"], "z")], outputs: [{ name: "z" }] });
const values = (model: ModelFacts, ...given: Parameters<typeof runModel>[1]) =>
  runModel(modelBytes(model), given).map((result) => result.values);

describe("If", () => {
  const conditional = (yes: GraphFacts, no: GraphFacts): ModelFacts => ({
    inputs: [open],
    nodes: [node("If", ["c"], "y", { then_branch: { graph: yes }, else_branch: { graph: no } })],
    outputs: [{ name: "y" }],
  });
  const bound = (value: number, model: ModelFacts) => ({ ...model, weights: [scalar("c", "bool", value)] });
  const atRun = (model: ModelFacts): ModelFacts => ({
    ...model,
    inputs: [open, { name: "c", type: "bool", dims: [] }],
  });

  it("a known condition takes its arm; the other one need not even be supported", () => {
    const model = conditional(unary("Neg"), unary("Flibber"));
    expect(values(bound(1, model), x)).toEqual([[-1, -2, -3]]);
    expect(() => values(bound(0, model), x)).toThrow(/Flibber \(node "y\/z"\): operator Flibber is not supported/);
  });
  it("a condition of the run chooses between equal shapes, and is refused between others", () => {
    const model = atRun(conditional(unary("Neg"), unary("Abs")));
    const flag = (value: number) => ({ type: "bool" as const, dims: [], values: [value] });
    expect(values(model, x, flag(1))).toEqual([[-1, -2, -3]]);
    expect(values(model, x, flag(0))).toEqual([[1, 2, 3]]);
    const whole = atRun(conditional(unary("Neg"), unary("ReduceSum")));
    expect(() => values(whole, x, flag(1))).toThrow(/decides between f32 \[3\] and f32 \[1\]; bind it with --set/);
  });
});

describe("Loop and Scan", () => {
  /** state' = state + x, and each state is collected; goes on while `going` says so */
  const body = (going: NodeFacts): GraphFacts => ({
    inputs: [{ name: "i", type: "i64", dims: [] }, { name: "g", type: "bool", dims: [] }, { name: "s" }],
    nodes: [going, node("Add", ["s", "x"], "t"), node("Identity", ["t"], "u")],
    outputs: [{ name: "h", type: "bool" }, { name: "t" }, { name: "u" }],
  });
  const looped = (graph: GraphFacts, outputs: string[]): ModelFacts => ({
    inputs: [open],
    weights: [scalar("n", "i64", 4), scalar("two", "i64", 2)],
    nodes: [{ op: "Loop", inputs: ["n", "", "x"], outputs, attributes: { body: { graph } } }],
    outputs: outputs.filter((name) => name !== "").map((name) => ({ name })),
  });

  it("unrolls, collects, and stops where a known condition says", () => {
    const [all, rows] = values(looped(body(node("Identity", ["g"], "h")), ["y", "rows"]), x);
    expect(all).toEqual([5, 10, 15]);
    expect(rows).toEqual([2, 4, 6, 3, 6, 9, 4, 8, 12, 5, 10, 15]);
    expect(values(looped(body(node("Less", ["i", "two"], "h")), ["y", ""]), x)).toEqual([[4, 8, 12]]);
  });
  it("what a condition of the run ends stays as it is", () => {
    const sum = node("ReduceSum", ["t"], "total", { keepdims: 0 });
    const below: GraphFacts = {
      inputs: body(sum).inputs!,
      weights: [{ name: "bound", dims: [], values: [15] }],
      nodes: [node("Add", ["s", "x"], "t"), sum, node("Less", ["total", "bound"], "h")],
      outputs: [{ name: "h", type: "bool" }, { name: "t" }],
    };
    expect(values(looped(below, ["y"]), x)).toEqual([[3, 6, 9]]);
    expect(values(looped(below, ["y"]), { dims: [3], values: [1, 0, 0] })).toEqual([[5, 0, 0]]);
    const collecting = { ...below, outputs: [...below.outputs, { name: "t" }] };
    expect(() => values(looped(collecting, ["y", "rows"]), x)).toThrow(/length of a scan output is computed/);
  });
  it("Scan runs through axes in either direction", () => {
    const running: GraphFacts = {
      inputs: [{ name: "s" }, { name: "e" }],
      nodes: [node("Add", ["s", "e"], "t"), node("Identity", ["t"], "u")],
      outputs: [{ name: "t" }, { name: "u" }],
    };
    const model = (more: Record<string, number[]>): ModelFacts => ({
      inputs: [{ name: "m", dims: [2, 3] }],
      weights: [{ name: "zero", dims: [2], values: [0, 0] }],
      nodes: [
        {
          op: "Scan",
          inputs: ["zero", "m"],
          outputs: ["total", "sums"],
          attributes: { body: { graph: running }, num_scan_inputs: 1, scan_input_axes: [1], ...more },
        },
      ],
      outputs: [{ name: "total" }, { name: "sums" }],
    });
    const m = { dims: [2, 3], values: [1, 2, 3, 10, 20, 30] };
    expect(values(model({}), m)).toEqual([
      [6, 60],
      [1, 10, 3, 30, 6, 60],
    ]);
    const old: ModelFacts = {
      ...model({}),
      opset: 8,
      inputs: [{ name: "m", dims: [2, 3, 1] }],
      weights: [{ name: "zero", dims: [2, 1], values: [0, 100] }],
      nodes: [
        {
          op: "Scan",
          inputs: ["", "zero", "m"],
          outputs: ["total", "sums"],
          attributes: { body: { graph: running }, num_scan_inputs: 1 },
        },
      ],
    };
    expect(values(old, { ...m, dims: [2, 3, 1] })).toEqual([
      [6, 160],
      [1, 3, 6, 110, 130, 160],
    ]);
    const back = { scan_input_directions: [1], scan_output_axes: [1], scan_output_directions: [1] };
    expect(values(model(back), m)).toEqual([
      [6, 60],
      [6, 5, 3, 60, 50, 30],
    ]);
  });
});

describe("functions of the file", () => {
  const f = {
    name: "Leak",
    domain: "own",
    inputs: ["a", "b"],
    outputs: ["r"],
    attributes: ["scale"],
    defaults: { axis: 0 },
    nodes: [node("LeakyRelu", ["a"], "r", { alpha: { reference: "scale" } })],
  };
  const call = (attributes: NodeFacts["attributes"]): ModelFacts => ({
    inputs: [open],
    nodes: [{ op: "Leak", domain: "own", inputs: ["x"], outputs: ["y"], attributes: attributes! }],
    outputs: [{ name: "y" }],
    functions: [f],
  });
  const signs = { dims: [3], values: [-1, 2, -3] };

  it("expand, with the caller's attributes or the operators' own defaults", () => {
    expect(values(call({ scale: { float: 0.5 } }), signs)).toEqual([[-0.5, 2, -1.5]]);
    expect(values(call({}), signs)).toEqual([[-0.01, 2, -0.03].map(Math.fround)]);
    expect(() => values(call({ slope: 1 }), signs)).toThrow(/Leak \(node "y"\): attribute slope is not supported/);
  });
  it("that call themselves are refused", () => {
    const again = { ...f, nodes: [{ ...node("Leak", ["a"], "r"), domain: "own" }] };
    expect(() => values({ ...call({}), functions: [again] }, signs)).toThrow(/call each other more than 16 deep/);
    const deep = Array.from({ length: 15 }, (_, i) => ({
      ...f,
      name: `L${i}`,
      nodes: [
        ...["p", "q", "s", "t", "u"].map((out, j) => ({
          ...node(`L${i + 1}`, [j === 0 ? "a" : "pqst"[j - 1]!], out),
          domain: "own",
        })),
        node("Identity", ["u"], "r"),
      ],
    }));
    const last = { ...f, name: "L15", nodes: [node("Identity", ["a"], "r")] };
    const bomb = {
      ...call({}),
      nodes: [{ ...node("L0", ["x"], "y"), domain: "own" }],
      functions: [...deep, last],
    };
    expect(() => values(bomb, signs)).toThrow(/more than 65536 nodes/);
  });
});

describe("empty tensors", () => {
  it("inputs are left out; reductions of nothing give what they start from", () => {
    const model: ModelFacts = {
      inputs: [{ name: "e", dims: [2, 0] }, open],
      weights: [{ name: "axes", type: "i64", dims: [1], values: [1] }],
      nodes: [node("ReduceSum", ["e", "axes"], "s", { keepdims: 0 }), node("Concat", ["s", "x"], "y", { axis: 0 })],
      outputs: [{ name: "y" }],
    };
    expect(values(model, x)).toEqual([[0, 0, 1, 2, 3]]);
    const out = { ...model, outputs: [{ name: "e2" }], nodes: [node("Neg", ["e"], "e2")] };
    expect(() => values(out, x)).toThrow(/output "e2" \[2,0\] is empty/);
  });
});
