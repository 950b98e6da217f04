import { importGraph } from "@opengradient/onnx";
import { describe, expect, it } from "vitest";
import { modelBytes, oneNode, TYPE, type TypeName } from "./onnxFile.ts";
import { numbers, runModel, runNode } from "./run.ts";

const COUNT = 20_000;
const patterns = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The values of a file's constants, as they are read. */
function decoded(type: TypeName, values: readonly number[], count = values.length): number[] {
  const weights = [{ name: "w", type, dims: [count], values }];
  const nodes = [{ op: "Cast", inputs: ["w"], outputs: ["y"], attributes: { to: 1 } }];
  return [...runModel(modelBytes({ weights, nodes, outputs: [{ name: "y" }], opset: 25 }), [])[0]!.values];
}
const cast = (values: readonly number[], to: TypeName, saturate = 1): readonly number[] => {
  const x = { dims: [values.length], values };
  return runNode("Cast", [x], { to: TYPE[to], saturate }, { type: to, opset: 23 }).values;
};

/** Numbers of all sizes that matter to 16-bit floats, with ties and specials. */
const samples = [
  ...numbers(3, COUNT).map((x, i) => Math.fround(x * 2 ** ((i % 48) - 28))),
  ...numbers(4, 2000).map((x) => Math.fround(Math.round(x * 4096) / 2 ** 25)),
  ...[0, -0, 65504, 65519.996, 65520, -1e6, Number.NaN, Number.POSITIVE_INFINITY, 2 ** -25, 2 ** -24, 3e-8],
];

describe("floats of other widths", () => {
  it("float16: every pattern is read exactly, and rounding is to nearest even", () => {
    const all = decoded("f16", patterns(65536));
    const view = new Uint16Array(1);
    const half = new Float16Array(view.buffer);
    for (const [bits, value] of all.entries()) {
      view[0] = bits;
      expect(Object.is(value, half[0])).toBe(true);
    }
    expect(cast(samples, "f16")).toEqual(samples.map(Math.f16round));
    expect(cast(all, "f16")).toEqual(all);
  });

  it("bfloat16 and double are rounded once", () => {
    const word = new DataView(new ArrayBuffer(4));
    const nearest = (x: number): number => {
      if (Number.isNaN(x)) return x;
      word.setFloat32(0, x);
      const bits = word.getUint32(0);
      word.setUint32(0, bits + 0x7fff + ((bits >>> 16) & 1));
      word.setUint16(2, 0);
      return word.getFloat32(0);
    };
    expect(cast(samples, "bf16")).toEqual(samples.map(nearest));
    expect(decoded("bf16", [0x3f80, 0xc000, 0x7f80, 0x0001])).toEqual([1, -2, 1 / 0, 2 ** -133]);
    expect(decoded("f64", [0.1, 1e300, -5e-324])).toEqual([Math.fround(0.1), 1 / 0, -0]);
  });

  it("float8 and float4: each pattern survives, between two of them the nearer one wins, beyond them as `saturate` says", () => {
    for (const type of ["f8e4m3fn", "f8e4m3fnuz", "f8e5m2", "f8e5m2fnuz"] as const) {
      const all = decoded(type, patterns(256));
      const finite = all.filter((x) => Number.isFinite(x) && !Object.is(x, -0)).sort((a, b) => a - b);
      expect(new Set(cast(finite, type))).toEqual(new Set(finite));
      const middles = finite.slice(1).map((high, i) => finite[i]! * 0.49 + high * 0.51);
      expect(cast(middles, type).map((x) => x + 0)).toEqual(finite.slice(1));
      const [least, greatest] = [finite[0]!, finite.at(-1)!];
      expect(cast([1e9, -1 / 0, Number.NaN], type)).toEqual([greatest, least, Number.NaN]);
      expect(cast([1e9], type, 0)).toEqual([type === "f8e5m2" ? 1 / 0 : Number.NaN]);
    }
    expect(decoded("f4e2m1", [0x10, 0x32, 0x54, 0x76, 0xf8], 10)).toEqual([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -6]);
    expect(cast([0.25, 0.26, 5, 5.1, 100, Number.NaN], "f4e2m1")).toEqual([0, 0.5, 4, 6, 6, 0]);
  });

  it("are named in the notes and at the ports", () => {
    const x = { dims: [2], values: [0, 0], type: "f16" as const };
    const { inputs, outputs, notes } = importGraph(oneNode("Relu", [x], {}, { type: "f16" }));
    expect([inputs[0]!.format?.name, outputs[0]!.format?.name]).toEqual(["float16", "float16"]);
    expect(notes).toEqual(["float16 tensors are held and computed with as f32; Cast alone rounds to float16"]);
  });
});

describe("integers", () => {
  const binary = (op: string, type: TypeName, a: readonly number[], b: readonly number[], out: TypeName = type) =>
    runNode(
      op,
      [a, b].map((values) => ({ type, dims: [values.length], values })),
      {},
      { type: out },
    ).values;

  it("of 16 bits wrap, of 32 unsigned bits compare and divide as such", () => {
    expect(binary("Add", "u16", [65535, 3], [2, 4])).toEqual([1, 7]);
    expect(binary("Mul", "i16", [300, -2], [300, 3])).toEqual([(90000 << 16) >> 16, -6]);
    expect(binary("Less", "u32", [1, 3e9], [3e9, 1], "bool")).toEqual([1, 0]);
    expect(binary("Max", "u32", [1, 4e9], [3e9, 1])).toEqual([3e9, 4e9]);
    expect(binary("Div", "u32", [4e9], [3])).toEqual([1333333333]);
    expect(binary("Mod", "u32", [4e9 + 1], [7])).toEqual([(4e9 + 1) % 7]);
  });

  it("are cast through their low bits, from floats by truncation", () => {
    const from = (type: TypeName, values: readonly number[], to: TypeName) =>
      runNode("Cast", [{ type, dims: [values.length], values }], { to: TYPE[to] }, { type: to }).values;
    expect(from("i32", [70000, -1], "u16")).toEqual([4464, 65535]);
    expect(from("u16", [65535, 1], "i16")).toEqual([-1, 1]);
    expect(from("f32", [3e9, -1], "u32")).toEqual([3e9, 2 ** 32 - 1]);
    expect(from("u32", [4294967295, 16777217, 5], "f32")).toEqual([2 ** 32, 16777216, 5]);
    expect(from("i32", [7, 9, -8], "i4")).toEqual([7, -7, -8]);
  });
});
