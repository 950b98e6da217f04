import { readFileSync } from "node:fs";
import { importModel } from "@opengradient/cli";
import { compile, load } from "@opengradient/engine";
import {
  Evaluation,
  INSTRUCTIONS,
  OP,
  type Program,
  readElement,
  resultElements,
  runReference,
  type Tensor,
} from "@opengradient/program";
import {
  classOf,
  OPERAND_CLASSES,
  type OperandClass,
  programOfSeed,
  randomFrom,
  randomTensors,
} from "@opengradient/program/random";
import { describe, expect, test } from "vitest";
import { firstDifference } from "./difference.ts";

const PROGRAMS = 300;

type Counts = Map<string, number>;
const cell = (op: number, kind: OperandClass): string => `${INSTRUCTIONS[op]!.name}/${kind}`;
const counts: Counts = new Map();
const count = (op: number, word: number): void => {
  const key = cell(op, classOf(word));
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

/** The reference, counting the operands of every instruction that it runs. */
class Counting extends Evaluation {
  protected override apply(op: number, a: number, b: number, c: number): number {
    for (const word of [a, b, c].slice(0, INSTRUCTIONS[op]!.operands.length)) count(op, word);
    return super.apply(op, a, b, c);
  }

  protected override load(a: number, b: number, c: number): number {
    const word = super.load(a, b, c);
    count(OP.ld, word);
    return word;
  }
}

const SAMPLES = 24;

/** Counts in some elements of each kernel: the first, the last, and some between. */
function countOperands(program: Program, tensors: Ran): void {
  const random = randomFrom(3);
  for (const [k, kernel] of program.kernels.entries()) {
    const sources = kernel.accesses.map(
      ({ space, index }) => [tensors.inputs, tensors.weights, tensors.results][space]![index]!,
    );
    const evaluation = new Counting(kernel, k, (a, at) => readElement(sources[a]!, kernel.accesses[a]!.dtype, at));
    const all = resultElements(kernel);
    const chosen = new Set([0, all - 1]);
    while (chosen.size < Math.min(SAMPLES, all)) chosen.add(random.below(all));
    for (const e of chosen) evaluation.word(e);
  }
}

type Ran = {
  readonly inputs: readonly Uint8Array[];
  readonly weights: readonly Uint8Array[];
  readonly results: readonly Uint8Array[];
};

const dataOf = (tensors: readonly Tensor[]): Uint8Array[] => tensors.map(({ data }) => data);

function table(): string {
  const width = 11;
  const head = ["", ...OPERAND_CLASSES].map((name) => name.padStart(width)).join("");
  const rows = INSTRUCTIONS.map(({ op, name }) =>
    [name, ...OPERAND_CLASSES.map((kind) => String(counts.get(cell(op, kind)) ?? 0))]
      .map((text) => text.padStart(width))
      .join(""),
  );
  return [head, ...rows].join("\n");
}

async function compare(program: Program, weights: readonly Tensor[], inputs: readonly Tensor[]) {
  const engine = await load(await compile(program), weights);
  const ours = engine.trace(inputs).results;
  const right = runReference(program, weights, inputs);
  return { right, difference: firstDifference(program, right, ours) };
}

describe("the engine gives the reference's bits", () => {
  test(`in every element of ${PROGRAMS} random Programs, on every instruction and class of operand`, async () => {
    const wrong: string[] = [];
    let elements = 0;
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const program = programOfSeed(seed);
      const { weights, inputs } = randomTensors(randomFrom(seed + 0x10000), program);
      const { right, difference } = await compare(program, weights, inputs);
      if (difference) wrong.push(`seed ${seed}: ${difference}`);
      elements += program.kernels.reduce((sum, kernel) => sum + resultElements(kernel), 0);
      countOperands(program, { inputs: dataOf(inputs), weights: dataOf(weights), results: right });
    }
    console.log(`${elements} elements of ${PROGRAMS} random Programs; instructions by class of operand:\n${table()}`);
    expect(wrong).toEqual([]);
    const missing = INSTRUCTIONS.flatMap(({ op }) => OPERAND_CLASSES.map((kind) => cell(op, kind))).filter(
      (at) => !counts.has(at),
    );
    expect(missing).toEqual([]);
  }, 300_000);
});

describe("the digit model", () => {
  const model = importModel(
    new Uint8Array(readFileSync(new URL("../../packages/models/digits/digits.onnx", import.meta.url))),
  );
  const { program, weights } = model;
  const withImage = (element: (random: ReturnType<typeof randomFrom>) => number): Tensor[] => {
    const random = randomFrom(5);
    const data = new Uint8Array(4 * 784);
    const view = new DataView(data.buffer);
    for (let i = 0; i < 784; i++) view.setUint32(4 * i, element(random), true);
    return [{ ...program.inputs[0]!, data }];
  };

  test.each([
    ["an image of ordinary greys", (random) => [0x3f000000, 0x3f7ae148, 0, 0x3e800000][random.below(4)]!],
    ["an image of NaN with payloads", (random) => 0x7f800001 + random.below(1000)],
    ["an image of infinities of both signs", (random) => (random.oneIn(2) ? 0xff800000 : 0x7f800000)],
    ["an image of any bits at all", (random) => random.word() >>> 0],
  ] as [string, (random: ReturnType<typeof randomFrom>) => number][])(
    "gives every bit of every kernel on %s",
    async (_, element) => {
      const { difference } = await compare(program, weights, withImage(element));
      expect(difference).toBeUndefined();
    },
    120_000,
  );
});
