import { importGraph, OnnxError } from "@opengradient/onnx";
import { describe, expect, it } from "vitest";
import { chunk, type ModelFacts, modelBytes } from "./onnxFile.ts";
import { numbers } from "./run.ts";

const relu: ModelFacts = {
  inputs: [{ name: "x", dims: [2, 3] }],
  nodes: [{ op: "Relu", inputs: ["x"], outputs: ["y"], name: "r" }],
  outputs: [{ name: "y" }],
};
const conv: ModelFacts = {
  inputs: [{ name: "x", dims: [1, 1, 4, 4] }],
  weights: [{ name: "w", dims: [2, 1, 3, 3], values: numbers(1, 18) }],
  nodes: [
    {
      op: "Conv",
      inputs: ["x", "w"],
      outputs: ["c"],
      attributes: { pads: [1, 1, 1, 1], strides: [1, 1], auto_pad: "NOTSET" },
    },
    { op: "Relu", inputs: ["c"], outputs: ["y"] },
  ],
  outputs: [{ name: "y" }],
};

const reasonOf = (bytes: Uint8Array, options = {}): string => {
  try {
    importGraph(bytes, options);
  } catch (cause) {
    if (cause instanceof OnnxError) return cause.message;
    throw cause;
  }
  return "imported";
};
const reason = (graph: ModelFacts, options = {}): string => reasonOf(modelBytes(graph), options);

describe("files that are no models", () => {
  it("every truncation of a file is refused, or leaves a whole smaller model", () => {
    const bytes = modelBytes(conv);
    let refused = 0;
    for (let length = 0; length < bytes.length; length++)
      if (reasonOf(bytes.slice(0, length)) !== "imported") refused++;
    expect(refused).toBeGreaterThan(bytes.length - 12);
    expect(reasonOf(bytes.slice(0, bytes.length - 20))).toMatch(
      /malformed file: ModelProto\.7 at byte \d+: \d+ bytes announced, \d+ left/,
    );
    expect(reasonOf(new Uint8Array())).toMatch(/has no graph/);
    expect(reasonOf(new TextEncoder().encode("<html>not a model</html>"))).toMatch(/malformed file: ModelProto/);
  });

  it("any byte changed gives a model or an OnnxError, nothing else, at once", () => {
    const bytes = modelBytes(conv);
    const started = performance.now();
    let refused = 0;
    for (let i = 0; i < bytes.length; i++)
      for (const flip of [0x01, 0x04, 0x80, 0xff]) {
        const changed = bytes.slice();
        changed[i]! ^= flip;
        if (reasonOf(changed) !== "imported") refused++;
      }
    expect(refused).toBeGreaterThan(bytes.length);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it("names field and byte of wrong wire types and endless varints", () => {
    expect(reasonOf(Uint8Array.of(0x38, 1))).toBe("malformed file: ModelProto.7 at byte 1: wire type 0, expected 2");
    expect(reasonOf(Uint8Array.of(0x08, ...new Array(11).fill(0xff)))).toMatch(/varint longer than 10 bytes/);
    expect(reasonOf(Uint8Array.of(0x0b))).toMatch(/wire type 3 is not supported/);
    expect(reasonOf(Uint8Array.of(0x3a, 2, 0x12, 5))).toMatch(/GraphProto\.2 at byte 4: 5 bytes announced, 0 left/);
    expect(reasonOf(Uint8Array.from(chunk(7, chunk(1, chunk(4, [0xff, 0xfe])))))).toMatch(/NodeProto\.4 .*not UTF-8/);
  });
});

describe("graphs that mean nothing", () => {
  it("cycles, missing tensors, names used twice", () => {
    const loop = [
      { op: "Relu", inputs: ["b"], outputs: ["a"], name: "first" },
      { op: "Relu", inputs: ["a"], outputs: ["b"], name: "second" },
    ];
    expect(reason({ ...relu, nodes: loop, outputs: [{ name: "b" }] })).toMatch(
      /Relu \(node "second"\): input "a" is not produced before this node/,
    );
    expect(reason({ ...relu, nodes: [{ op: "Relu", inputs: ["gone"], outputs: ["y"] }] })).toMatch(
      /input "gone" is not produced/,
    );
    expect(reason({ ...relu, nodes: [...relu.nodes, ...relu.nodes] })).toMatch(/output "y" exists already/);
    expect(reason({ ...relu, outputs: [{ name: "nowhere" }] })).toBe('output "nowhere" is produced by no node');
    expect(reason({ ...relu, outputs: [] })).toBe("the graph has no outputs");
  });

  it("tensors whose data do not fit their dims", () => {
    const weights = (dims: number[], values: number[]) => ({ ...conv, weights: [{ name: "w", dims, values }] });
    expect(reason(weights([2, 1, 3, 3], [1, 2, 3]))).toMatch(/tensor "w" \[2,1,3,3\] needs 72 bytes and has 12/);
    expect(reason(weights([-2, 1, 3, 3], [1]))).toMatch(/tensor "w" has a dimension of -2/);
    expect(reason(weights([2 ** 20, 2 ** 20], [1]))).toMatch(/more than 2\^30 elements/);
    expect(reason({ ...conv, weights: [{ name: "w", type: "complex64", dims: [1], values: [1] }] })).toMatch(
      /complex64, which is not supported/,
    );
  });

  it("shapes and types that are open, empty or contradictory", () => {
    const open = (dims?: (number | string)[]) => ({ ...relu, inputs: [{ name: "x", ...(dims && { dims }) }] });
    expect(reason(open(["batch", 3]))).toBe(
      'input "x": dimension 0 (batch) is dynamic: give the shape with --shape x=…',
    );
    expect(reason(open())).toMatch(/input "x" has no shape/);
    expect(reason(open(["batch", 3]), { shapes: { x: [4, 3] } })).toBe("imported");
    expect(reason(open(["batch", 3]), { shapes: { x: [4, 5] } })).toMatch(
      /\[batch,3\] in the file; \[4,5\] does not fit/,
    );
    expect(reason(open([0, 3]))).toMatch(/"y" \[0,3\] is empty/);
    expect(reason(open([-1, 3]))).toMatch(/dimension of -1/);
    expect(reason({ ...relu, outputs: [{ name: "y", type: "i32" }] })).toMatch(
      /is i32 in the file, and the graph computes f32/,
    );
    expect(reason({ ...relu, outputs: [{ name: "y", dims: [7] }] })).toMatch(
      /is \[7\] in the file, and the graph computes \[2,3\]/,
    );
    expect(reason(relu, { set: { z: { type: "f32", dims: [], data: new Uint8Array(4) } } })).toMatch(
      /no input "z" to set/,
    );
  });

  it("what is not supported, by node, operator and reason", () => {
    const one = (op: string, domain = "") => ({
      ...relu,
      nodes: [{ op, domain, inputs: ["x"], outputs: ["y"], name: "odd one" }],
    });
    expect(reason(one("Flibber"))).toBe('Flibber (node "odd one"): operator Flibber is not supported');
    expect(reason(one("Relu", "com.example"))).toMatch(/operator Relu of domain com\.example is not supported/);
    expect(reason({ ...relu, opset: 99 })).toMatch(/operator set 99 is not known/);
    const error = (() => {
      try {
        importGraph(modelBytes(one("Flibber")));
      } catch (cause) {
        return cause as OnnxError;
      }
      return undefined;
    })();
    expect(error).toMatchObject({ name: "OnnxError", node: "odd one", operator: "Flibber" });
  });
});

describe("outputs", () => {
  it("pass-throughs, repeated and reordered outputs are kernels of their own, in order", () => {
    const graph: ModelFacts = {
      ...relu,
      nodes: [
        { op: "Relu", inputs: ["x"], outputs: ["a"] },
        { op: "Relu", inputs: ["a"], outputs: ["b"] },
      ],
      outputs: [{ name: "b" }, { name: "a" }, { name: "x" }, { name: "b" }],
    };
    const { program, outputs } = importGraph(modelBytes(graph));
    expect(outputs.map(({ name }) => name)).toEqual(["b", "a", "x", "b"]);
    const kernels = program.outputs.map(({ kernel }) => kernel);
    expect(new Set(kernels).size).toBe(4);
    expect([...kernels].sort((p, q) => p - q)).toEqual(kernels);
  });
});
