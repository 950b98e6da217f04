/** The 8-bit form of a model, and how far its answers are off from those of the model itself. */
import { compile, type Engine, load } from "@opengradient/engine";
import { calibrated, type ImportOptions, quantiseModel, type Range, withOutputs } from "@opengradient/onnx";
import type { Tensor } from "@opengradient/program";
import { importModel, type Model } from "./import.ts";
import { numbers } from "./tensors.ts";

export type Quantised = {
  readonly file: Uint8Array;
  /** tensors that became integers */
  readonly tensors: number;
  readonly model: Model;
  readonly accuracy: Agreement;
};

/** Of the first output, over examples. */
export type Agreement = {
  readonly examples: number;
  /** greatest and mean |8-bit − f32|, beside the greatest |f32| */
  readonly worst: number;
  readonly mean: number;
  readonly greatest: number;
  /** examples whose greatest entry is the same */
  readonly sameTop: number;
};

const engineOf = async ({ program, weights }: Model): Promise<Engine> =>
  load(await compile(program, { threads: "auto" }), weights);

/** What each of the tensors that are to be quantised holds over the examples. */
async function rangesOf(source: Uint8Array, options: ImportOptions, examples: readonly Tensor[]) {
  const names = calibrated(source);
  const model = importModel(withOutputs(source, names), options);
  const engine = await engineOf(model);
  const seen = new Map<string, Range>();
  for (const example of examples) {
    const outputs = engine.run([example]);
    for (const name of names) {
      const values = numbers(outputs[model.outputs.findLastIndex((port) => port.name === name)]!);
      const { least, most } = seen.get(name) ?? { least: Infinity, most: -Infinity };
      seen.set(name, {
        least: values.reduce((a, b) => Math.min(a, b), least),
        most: values.reduce((a, b) => Math.max(a, b), most),
      });
    }
  }
  engine.close();
  return seen;
}

/** @param tests other examples to judge it by; the same ones where there are none */
export async function quantise(
  source: Uint8Array,
  options: ImportOptions,
  examples: readonly Tensor[],
  tests: readonly Tensor[] = examples,
): Promise<Quantised> {
  const ranges = await rangesOf(source, options, examples);
  const file = quantiseModel(source, ranges, options.external);
  const model = importModel(file, options);
  return { file, tensors: ranges.size, model, accuracy: await agreement(importModel(source, options), model, tests) };
}

async function agreement(before: Model, after: Model, examples: readonly Tensor[]): Promise<Agreement> {
  const engines = [await engineOf(before), await engineOf(after)];
  const all = { worst: 0, sum: 0, count: 0, greatest: 0, sameTop: 0 };
  for (const example of examples) {
    const [real, whole] = engines.map((engine) => numbers(engine.run([example])[0]!)) as [number[], number[]];
    const off = real.map((value, i) => Math.abs(value - whole[i]!));
    all.worst = Math.max(all.worst, ...off);
    all.sum += off.reduce((a, b) => a + b, 0);
    all.count += off.length;
    all.greatest = Math.max(all.greatest, ...real.map(Math.abs));
    if (real.indexOf(Math.max(...real)) === whole.indexOf(Math.max(...whole))) all.sameTop++;
  }
  for (const engine of engines) engine.close();
  const { worst, greatest, sameTop } = all;
  return { examples: examples.length, worst, mean: all.sum / all.count, greatest, sameTop };
}
