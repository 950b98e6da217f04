import { compile } from "@opengradient/compiler";
import { importGraph, operatorNames } from "@opengradient/onnx";
import { runReference } from "@opengradient/program";
import { beforeAll, expect, it } from "vitest";
import { arbiterRun } from "../../packages/cli/src/conformanceArbiter.ts";
import { type AttributeValue, type NodeOptions, oneNode, type TensorFacts } from "../../packages/onnx/test/onnxFile.ts";
import { random, tensorOf } from "../../packages/onnx/test/run.ts";

const DOMAIN = "com.microsoft";

type Given = TensorFacts | undefined;
type Case = readonly [inputs: readonly Given[], attributes?: Record<string, AttributeValue>, options?: NodeOptions];

const whole = (type: "u8" | "i8" | "i32" | "i64", dims: readonly number[], ...values: number[]): TensorFacts => ({
  ...{ type, dims },
  values: values.length > 0 ? values : random(9, dims).values.map((v) => Math.floor(60 * v) + (type === "u8" ? 60 : 0)),
});
const one = (value: number): TensorFacts => ({ dims: [], values: [value] });
const point = (value: number): TensorFacts => whole("u8", [], value);

/** Batch, positions, heads, entries of a head. */
const [B, S, H, D] = [1, 3, 2, 4];
const x = random(1, [2, 3, 4]);
const [skip, gamma, beta, bias] = [random(2, [2, 3, 4]), random(3, [4]), random(4, [4]), random(5, [4])];
const row = random(6, [B, S, H * D]);
const [q, cos, sin] = [whole("u8", [2, 3]), random(7, [7, D / 2]), random(8, [7, D / 2])];
const scaled = [q, one(0.03), point(100)];
const quantised = { type: "u8", bound: [1, 2, 3, 4, 5, 6, 7] } as const;

/** One model for each of its operators that is imported; rather small than ordinary. */
const CASES: Readonly<Record<string, Case>> = {
  Attention: [[row, random(2, [H * D, 3 * H * D]), random(3, [3 * H * D])], { num_heads: H, unidirectional: 1 }],
  BiasGelu: [[x, bias]],
  DequantizeLinear: [scaled],
  DynamicQuantizeMatMul: [[x, whole("i8", [4, 2]), one(0.02)]],
  EmbedLayerNormalization: [
    [
      ...[whole("i32", [1, 3], 4, 0, 2), whole("i32", [1, 3], 0, 1, 1)],
      ...[random(1, [5, 4]), random(2, [6, 4]), random(3, [2, 4]), gamma, beta],
    ],
  ],
  FastGelu: [[x]],
  FusedMatMul: [[x, random(2, [2, 4, 3])], { transA: 1, transB: 1, alpha: { float: 0.5 } }],
  Gelu: [[x]],
  GroupQueryAttention: [
    [
      ...[row, random(2, [B, S, D]), random(3, [B, S, D]), random(4, [B, 1, 2, D]), random(5, [B, 1, 2, D])],
      whole("i32", [B], 4),
    ],
    { num_heads: H, kv_num_heads: 1 },
    { outputs: 3 },
  ],
  MatMulIntegerToFloat: [[q, whole("i8", [3, 2]), one(0.02), one(0.5), point(9), whole("i8", [], 2)]],
  MatMulNBits: [
    [random(1, [2, 16]), whole("u8", [2, 1, 8]), random(2, [2])],
    { K: 16, N: 2, bits: 4, block_size: 16 },
    { bound: [1, 2] },
  ],
  MultiHeadAttention: [[row, row, row], { num_heads: H }],
  QLinearAdd: [[...scaled, ...scaled, one(0.1), point(20)], {}, quantised],
  QLinearLeakyRelu: [
    [...scaled, one(0.1), point(20)],
    { alpha: { float: 0.5 } },
    { ...quantised, bound: [1, 2, 3, 4] },
  ],
  QLinearMul: [[...scaled, ...scaled, one(0.1), point(20)], {}, quantised],
  QLinearSigmoid: [[...scaled, one(0.1), point(20)], {}, { ...quantised, bound: [1, 2, 3, 4] }],
  QuantizeLinear: [[x, one(0.02), point(100)], {}, { type: "u8" }],
  QuickGelu: [[x]],
  RotaryEmbedding: [[row, whole("i64", [B, S], 1, 2, 4), cos, sin], { num_heads: H }],
  SimplifiedLayerNormalization: [[x, gamma]],
  SkipLayerNormalization: [[x, skip, gamma, beta, bias], {}, { outputs: 4 }],
  SkipSimplifiedLayerNormalization: [[x, skip, gamma, bias]],
};

let run: Awaited<ReturnType<typeof arbiterRun>>;
beforeAll(async () => {
  run = await arbiterRun(3);
});

it("there is a case for every operator of the domain that is imported", () => {
  const names = operatorNames().filter((name) => name.startsWith(`${DOMAIN}:`));
  expect(Object.keys(CASES)).toEqual(names.map((name) => name.slice(DOMAIN.length + 1)));
});

it.each(Object.entries(CASES))("%s: the Arbiter and the reference give the same words", async (name, given) => {
  const [inputs, attributes = {}, options = {}] = given;
  const { program, weights } = compile(importGraph(oneNode(name, inputs, attributes, { ...options, domain: DOMAIN })));
  const free = inputs.flatMap((tensor, i) => (tensor && !options.bound?.includes(i) ? [tensorOf(tensor)] : []));
  expect(await run(program, weights, free)).toEqual(runReference(program, weights, free));
});
