/** What proving the dearest elements of a model takes on the Arbiter, beside what the static bound allows. */
import { globSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { ZERO_HASH } from "@opengradient/commitments";
import { compile, load } from "@opengradient/engine";
import { readModel } from "@opengradient/onnx";
import {
  commitTensors,
  costOf,
  factsOf,
  type Program,
  resultElements,
  type Tensor,
  widthOf,
} from "@opengradient/program";
import type { Arbiter } from "./arbiter.ts";
import { type CaseModel, importFor, inputsOf, isRefusal } from "./conformance.ts";
import { spread } from "./conformanceArbiter.ts";
import { type CaseFiles, findCases, readBytes } from "./conformanceCases.ts";
import { importModel } from "./model/import.ts";
import { sampleInputs } from "./model/report.ts";

export type Spent = { readonly gas: number; readonly bytes: number };

export type Provable = {
  readonly name: string;
  /** why it is no Program */
  readonly refused?: string;
  readonly kernels?: number;
  /** the greatest over all kernels */
  readonly bound?: Spent;
  /** the greatest over the elements that were proven false, of the kernels with the greatest bounds */
  readonly measured?: Spent;
  readonly proven?: number;
};

/** Elements of a kernel that are proven. */
const ELEMENTS = 5;

/** Every ONNX file below `dir`, one after the other; `dearest` kernels of each by gas, and by bytes. */
export async function* provables(dir: string, dearest: number, arbiter: Arbiter): AsyncGenerator<Provable> {
  const cases = new Map(findCases(dir).map((files) => [files.model, files]));
  for (const path of globSync(join(dir, "**/*.onnx")).sort()) {
    if (!statSync(path).isFile()) continue;
    yield await provable(path, relative(dir, path), cases.get(path), { dearest, arbiter });
  }
}

type How = { readonly dearest: number; readonly arbiter: Arbiter };

async function provable(path: string, name: string, files: CaseFiles | undefined, how: How): Promise<Provable> {
  try {
    const { model, inputs } = modelWithInputs(readBytes(path), files);
    return { name, ...(await proveDearest(model, inputs, how)) };
  } catch (cause) {
    if (isRefusal(cause)) return { name, refused: cause.message };
    throw cause;
  }
}

/** The inputs of its first example; made-up ones where there is none, of one row where the file leaves that open. */
function modelWithInputs(bytes: Uint8Array, files: CaseFiles | undefined) {
  const paths = files?.sets[0]?.inputs;
  if (!paths) {
    const open = readModel(bytes).graph.inputs.filter(({ dims }) => dims?.some((dim) => typeof dim !== "number"));
    const shapes = open.map(({ name, dims }) => [name, dims!.map((dim) => (typeof dim === "number" ? dim : 1))]);
    const model = importModel(bytes, { shapes: Object.fromEntries(shapes) });
    return { model, inputs: sampleInputs(model.program) };
  }
  const { model, given } = importFor(bytes, paths);
  return { model, inputs: inputsOf(model, given) };
}

type Bound = Spent & { readonly k: number };

async function proveDearest(
  { program, weights }: Pick<CaseModel, "program" | "weights">,
  inputs: readonly Tensor[],
  { dearest, arbiter }: How,
) {
  const bounds = boundsOf(program);
  const by = (key: "gas" | "bytes") => bounds.toSorted((a, b) => b[key] - a[key]).slice(0, dearest);
  const { results } = (await load(await compile(program), weights)).trace(inputs);
  const spent: Spent[] = [];
  for (const k of new Set([...by("gas"), ...by("bytes")].map((bound) => bound.k)))
    for (const element of spread(resultElements(program.kernels[k]!), ELEMENTS)) {
      const false_ = results.with(k, flipped(results[k]!, element * widthOf(program.kernels[k]!.outType)));
      const committed = commitTensors(program, { weights, inputs, results: false_, traceSalt: ZERO_HASH });
      spent.push(await arbiter.prove({ program, committed, kernel: k, element }));
    }
  return { kernels: program.kernels.length, bound: greatest(bounds), measured: greatest(spent), proven: spent.length };
}

function boundsOf(program: Program): Bound[] {
  const facts = factsOf(program);
  return program.kernels.map((kernel, k): Bound => {
    const { gas, bytes } = costOf(facts, k, kernel);
    return { k, gas, bytes };
  });
}

const greatest = (all: readonly Spent[]): Spent => ({
  gas: Math.max(...all.map(({ gas }) => gas)),
  bytes: Math.max(...all.map(({ bytes }) => bytes)),
});

function flipped(data: Uint8Array, at: number): Uint8Array {
  return data.with(at, data[at]! ^ 1) as Uint8Array;
}
