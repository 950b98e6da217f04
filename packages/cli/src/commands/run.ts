import { writeFileSync } from "node:fs";
import { toHex } from "@opengradient/commitments";
import { compile, load } from "@opengradient/engine";
import { outputsOf, runReference, type Tensor, tensorsRoot } from "@opengradient/program";
import { action, collect, examples, type Register } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import type { Model } from "../model/import.ts";
import { loadModel } from "../model/load.ts";
import { numbers, readInputs } from "../model/tensors.ts";
import { duration, table } from "../words.ts";
import { wholeNumber } from "./devnet.ts";

type Options = {
  input?: string[];
  executor: string;
  threads: string;
  output?: string;
  shape?: string[];
  set?: string[];
};

export const runCommand: Register = (og) => {
  og.command("run")
    .description("Run a model here and show its outputs with the roots that a claim would commit to")
    .argument("<file>", "a compiled model (.og) or an ONNX file")
    .option("--input <[name=]file>", "a tensor: .json, .pb (ONNX tensor) or raw little-endian bytes", collect)
    .option("--executor <name>", "wasm, reference, or both: run twice and compare every bit of every kernel", "wasm")
    .option("--threads <n>", "threads of the engine; auto: as many as pay, 4 at most", "auto")
    .option("-o, --output <file>", "write the raw bytes of the first output")
    .option("--shape <name=dims>", "dimensions of an input that the ONNX file leaves open", collect)
    .option("--set <name=value>", "make an input a constant", collect)
    .addHelpText("after", examples("og run digits.og --input seven.json", "og run digits.og --input x=seven.pb --json"))
    .action(
      action<[string, Options]>(async (output, path, options) => {
        const model = loadModel(path, options);
        const inputs = readInputs(model, options.input ?? []);
        output.progress("running …");
        const { outputs, milliseconds, threads, equal } = await execute(model, inputs, options);
        if (options.output) writeFileSync(options.output, outputs[0]!.data);
        const named = outputs.map((tensor, i) => ({
          name: model.outputs[i]!.name,
          dims: model.outputs[i]!.dims,
          values: numbers(tensor).map((value) => (Number.isFinite(value) ? value : String(value))),
        }));
        const roots = { inputRoot: toHex(tensorsRoot(inputs)), outputRoot: toHex(tensorsRoot(outputs)) };
        output.result({ modelRoot: model.roots.modelRoot, outputs: named, ...roots, milliseconds, threads, equal }, [
          ...named.flatMap(({ name, dims, values }) => [`${name} [${dims}]`, ...shown(values)]),
          "",
          ...table([
            ["model", model.roots.modelRoot],
            ["input", roots.inputRoot],
            ["output", roots.outputRoot],
          ]),
          `${options.executor}: ${duration(milliseconds)}${threads > 1 ? ` on ${threads} threads` : ""}${equal === undefined ? "" : equal ? "; every kernel equal to the reference, to the bit" : "; DIFFERS from the reference"}`,
        ]);
        return equal === false ? EXIT.no : EXIT.done;
      }),
    );
};

type Done = {
  readonly outputs: Tensor[];
  readonly milliseconds: number;
  readonly threads: number;
  readonly equal?: boolean;
};

async function execute(model: Model, inputs: readonly Tensor[], { executor, threads }: Options): Promise<Done> {
  const { program, weights } = model;
  if (!["wasm", "reference", "both"].includes(executor))
    throw new CommandError(`--executor ${executor}: wasm, reference or both`);
  if (executor === "reference") {
    const started = performance.now();
    const results = runReference(program, weights, inputs);
    return { outputs: outputsOf(program, results), milliseconds: performance.now() - started, threads: 1 };
  }
  const wanted = threads === "auto" ? "auto" : wholeNumber("--threads", threads, 1, 64);
  const engine = await load(await compile(program, { threads: wanted }), weights);
  const started = performance.now();
  const outputs = engine.run(inputs);
  const done = { outputs, milliseconds: performance.now() - started, threads: engine.threads };
  if (executor === "wasm") return done;
  const reference = runReference(program, weights, inputs);
  const { results } = engine.trace(inputs);
  return { ...done, equal: reference.every((data, k) => Buffer.compare(data, results[k]!) === 0) };
}

const MOST = 40;

/** Nine digits tell any two f32 apart. */
const shortest = (value: number | string): string =>
  typeof value === "number" ? String(Number(value.toPrecision(9))) : value;

const shown = (values: readonly (number | string)[]): string[] => {
  const rows: string[] = [];
  for (let i = 0; i < Math.min(values.length, MOST); i += 5)
    rows.push(
      `  ${values
        .slice(i, Math.min(i + 5, MOST))
        .map((value) => shortest(value).padStart(16))
        .join(" ")}`,
    );
  if (values.length > MOST) rows.push(`  … ${values.length - MOST} more (--json shows all)`);
  return rows;
};
