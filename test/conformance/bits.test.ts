import { readFileSync } from "node:fs";
import { importModel } from "@opengradient/cli";
import { compile, load } from "@opengradient/engine";
import {
  INSTRUCTIONS,
  type Program,
  resultElements,
  runReference,
  type Tensor,
  type Tensors,
} from "@opengradient/program";
import {
  countOperands,
  emptyOperandTable,
  firstDifference,
  OPERAND_CLASSES,
  type OperandTable,
  printOperandTable,
  programOfSeed,
  randomFrom,
  randomTensors,
} from "@opengradient/program/random";
import { describe, expect, test } from "vitest";

const PROGRAMS = 10_000;
/** Programs whose operands are counted, and elements of each of their kernels. */
const COUNTED = 300;
const SAMPLES = 24;

/** Counts in some elements of each kernel: the first, the last, and some between. */
function countSome(table: OperandTable, program: Program, tensors: Tensors): void {
  const random = randomFrom(3);
  for (const [k, kernel] of program.kernels.entries()) {
    const all = resultElements(kernel);
    const chosen = new Set([0, all - 1]);
    while (chosen.size < Math.min(SAMPLES, all)) chosen.add(random.below(all));
    for (const e of chosen) countOperands(table, program, tensors, { k, e });
  }
}

const dataOf = (tensors: readonly Tensor[]): Uint8Array[] => tensors.map(({ data }) => data);

async function compare(program: Program, weights: readonly Tensor[], inputs: readonly Tensor[]) {
  const engine = await load(await compile(program), weights);
  const ours = engine.trace(inputs).results;
  const right = runReference(program, weights, inputs);
  return { right, difference: firstDifference(program, right, ours) };
}

describe("the engine gives the reference's bits", () => {
  test(`in every element of ${PROGRAMS} random Programs, on every instruction and class of operand`, async () => {
    const wrong: string[] = [];
    const table = emptyOperandTable();
    let elements = 0;
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const program = programOfSeed(seed);
      const { weights, inputs } = randomTensors(randomFrom(seed + 0x10000), program);
      const { right, difference } = await compare(program, weights, inputs);
      if (difference) wrong.push(`seed ${seed}: ${difference} (og fuzz --seed ${seed} --count 1)`);
      elements += program.kernels.reduce((sum, kernel) => sum + resultElements(kernel), 0);
      if (seed <= COUNTED)
        countSome(table, program, { inputs: dataOf(inputs), weights: dataOf(weights), results: right });
    }
    console.log(`${elements} elements of ${PROGRAMS} random Programs; operands of ${COUNTED} by class:`);
    console.log(printOperandTable(table));
    expect(wrong).toEqual([]);
    const missing = INSTRUCTIONS.flatMap(({ op, name }) =>
      OPERAND_CLASSES.flatMap((kind) => (table[op]![kind] === 0 ? [`${name}/${kind}`] : [])),
    );
    expect(missing).toEqual([]);
  }, 900_000);
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
  );
});
