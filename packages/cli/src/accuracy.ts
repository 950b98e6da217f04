/** Trained models beside another engine's outputs: how far ours are off, and what proving an element costs. */
import { readFileSync } from "node:fs";
import { compile, load } from "@opengradient/engine";
import { constantOf, numbersOf, OnnxError, readModel, readTensor } from "@opengradient/onnx";
import { type CaseModel, importFor, inputsOf, isRefusal, nearness, toleranceOf } from "./conformance.ts";
import { type CaseFiles, findCases, readBytes } from "./conformanceCases.ts";
import { compareSample, worstOf } from "./model/report.ts";

export type Accuracy = {
  readonly name: string;
  /** why it is no Program */
  readonly refused?: string;
  readonly measured?: Measured;
};

export type Measured = {
  readonly kernels: number;
  /** by the static bound, over all kernels */
  readonly worst: { readonly gas: number; readonly bytes: number };
  /** milliseconds from file to Program */
  readonly compiling: number;
  readonly outputs: readonly OutputAccuracy[];
  /** elements of the engine's run that were computed again by the reference, and how many differ */
  readonly reference: { readonly elements: number; readonly differing: number };
};

export type OutputAccuracy = {
  readonly name: string;
  /** greatest |ours − theirs| */
  readonly absolute: number;
  /** greatest |ours − theirs| / |theirs|, theirs taken as no less than a thousandth of its tensor's greatest */
  readonly relative: number;
  /** whether the greatest entry of each row is the same; of whole numbers, whether all are; undefined where rows mean nothing */
  readonly top: boolean | undefined;
  /** within the tolerance of `og conformance` */
  readonly near: boolean;
};

/** Models below a folder that come with example inputs and outputs, one after the other. */
export async function* accuracies(dir: string): AsyncGenerator<Accuracy> {
  for (const files of findCases(dir)) yield await accuracyOf(files);
}

async function accuracyOf(files: CaseFiles): Promise<Accuracy> {
  const { name } = files;
  try {
    const bytes = readBytes(files.model);
    const labels = labelsOf(bytes);
    const runs: Measured[] = [];
    for (const set of files.sets) runs.push(await measure(bytes, labels, set));
    return { name, measured: runs.reduce(worse) };
  } catch (cause) {
    if (isRefusal(cause)) return { name, refused: cause.message };
    throw cause;
  }
}

/** Of each figure the worse one. */
function worse(a: Measured, b: Measured): Measured {
  const outputs = a.outputs.map((x, i): OutputAccuracy => {
    const y = b.outputs[i]!;
    return {
      name: x.name,
      absolute: Math.max(x.absolute, y.absolute),
      relative: Math.max(x.relative, y.relative),
      top: x.top === undefined ? undefined : x.top && y.top === true,
      near: x.near && y.near,
    };
  });
  const reference = {
    elements: a.reference.elements + b.reference.elements,
    differing: a.reference.differing + b.reference.differing,
  };
  return { ...b, compiling: Math.max(a.compiling, b.compiling), outputs, reference };
}

async function measure(bytes: Uint8Array, labels: Labels, set: CaseFiles["sets"][number]): Promise<Measured> {
  const started = performance.now();
  const { model, given } = importFor(bytes, set.inputs);
  const compiling = performance.now() - started;
  const { program, weights } = model;
  const inputs = inputsOf(model, given);
  const engine = await load(await compile(program), weights);
  const outputs = engine.run(inputs);
  const { results } = engine.trace(inputs);
  if (outputs.length !== set.outputs.length)
    throw new OnnxError(`${outputs.length} outputs, the examples have ${set.outputs.length}`);
  return {
    kernels: program.kernels.length,
    worst: worstOf(program, model.labels),
    compiling,
    outputs: set.outputs.map((path, i) => {
      const got = numbersOf({ type: model.outputs[i]!.type, dims: outputs[i]!.dims, data: outputs[i]!.data });
      return compareOutput(model.outputs[i]!, got, expectedIn(path, labels), set.name);
    }),
    reference: compareSample(program, { weights, inputs, results }),
  };
}

function compareOutput(
  { name, type, dims }: CaseModel["outputs"][number],
  got: readonly number[],
  expected: readonly number[],
  set: string,
): OutputAccuracy {
  if (got.length !== expected.length)
    throw new OnnxError(`output ${name} has ${got.length} elements, the example ${expected.length}`);
  const greatest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const near = nearness(expected, toleranceOf(set, {}));
  let [absolute, relative] = [0, 0];
  for (const [i, want] of expected.entries()) {
    const off = Object.is(got[i], want) ? 0 : Math.abs(got[i]! - want);
    absolute = Math.max(absolute, off);
    if (off > 0) relative = Math.max(relative, off / Math.max(Math.abs(want), greatest / 1000));
  }
  const whole = type !== "f32";
  const scores = !whole && dims.length <= 2 && (dims.at(-1) ?? 1) > 1;
  return {
    name,
    absolute,
    relative,
    near: got.every((x, i) => (whole ? x === expected[i] : near(x, expected[i]!))),
    top: whole ? absolute === 0 : scores ? sameTops(got, expected, dims.at(-1)!) : undefined,
  };
}

/** Whether the greatest entry of each of our rows is one of the greatest of theirs. */
function sameTops(got: readonly number[], expected: readonly number[], length: number): boolean {
  for (let row = 0; row < got.length; row += length) {
    const [ours, theirs] = [got, expected].map((values) => values.slice(row, row + length)) as [number[], number[]];
    if (theirs[ours.indexOf(Math.max(...ours))] !== Math.max(...theirs)) return false;
  }
  return true;
}

/** Class labels in the order of the scores, where a ZipMap names them. */
type Labels = readonly string[];

function labelsOf(bytes: Uint8Array): Labels {
  for (const { operator, attributes } of readModel(bytes).graph.nodes) {
    if (operator !== "ZipMap") continue;
    const numbers = attributes.get("classlabels_int64s")?.ints.map(String) ?? [];
    const texts = attributes.get("classlabels_strings")?.strings.map((text) => new TextDecoder().decode(text)) ?? [];
    return [...numbers, ...texts];
  }
  return [];
}

/** A TensorProto; or as JSON what is none: labels as their numbers, maps from label to score as rows of scores. */
function expectedIn(path: string, labels: Labels): number[] {
  if (!path.endsWith(".json")) return numbersOf(constantOf(readTensor(readBytes(path))));
  const rows = JSON.parse(readFileSync(path, "utf8")) as (string | number | Record<string, number>)[];
  return rows.flatMap((row) => {
    if (typeof row === "number") return [row];
    return typeof row === "string" ? [labels.indexOf(row)] : labels.map((label) => row[label]!);
  });
}
