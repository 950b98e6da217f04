import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { action, collect, examples, type Register } from "../command.ts";
import { encodeModelFile } from "../model/file.ts";
import { importModel, type Model } from "../model/import.ts";
import { importOptions, readBytes } from "../model/load.ts";
import { bytes, count, duration, table } from "../words.ts";

type Options = { output?: string; shape?: string[]; set?: string[] };

export const importCommand: Register = (og) => {
  og.command("import")
    .description("Compile an ONNX file into a Program: the form in which a model is published, run and disputed")
    .argument("<model.onnx>")
    .option("-o, --output <file>", "where to write the compiled model (default: beside the source, as .og)")
    .option("--shape <name=dims>", "dimensions of an input that the file leaves open", collect)
    .option("--set <name=value>", "make an input a constant", collect)
    .addHelpText("after", examples("og import digits.onnx -o digits.og", "og import bert.onnx --shape ids=1,128"))
    .action(
      action<[string, Options]>(async (output, path, options) => {
        output.progress(`importing ${path} …`);
        const started = performance.now();
        const source = readBytes(path);
        const model = importModel(source, importOptions(path, options));
        const file = encodeModelFile(model);
        const target = options.output ?? path.replace(/(\.onnx)?$/, ".og");
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, file);
        const took = performance.now() - started;
        output.result({ file: target, bytes: file.length, ...summary(model) }, [
          `${basename(path)} → ${target} (${bytes(file.length)}) in ${duration(took)}`,
          "",
          ...summaryLines(model),
        ]);
      }),
    );
};

/** What `import` and `inspect` say of a model. */
export const summary = ({ program, weights, inputs, outputs, notes, roots }: Model) => ({
  ...roots,
  inputs,
  outputs,
  kernels: program.kernels.length,
  weights: weights.length,
  weightBytes: weights.reduce((sum, { data }) => sum + data.length, 0),
  notes,
});

export function summaryLines(model: Model): string[] {
  const { program, weights, inputs, outputs, notes, roots } = model;
  const total = weights.reduce((sum, { data }) => sum + data.length, 0);
  return [
    ...table([
      ["model", roots.modelRoot],
      ["program", roots.programRoot],
      ["weights", `${roots.weightsRoot}  (${weights.length} tensors, ${bytes(total)})`],
      ["kernels", count(program.kernels.length)],
      ...inputs.map(({ name, type, dims }) => ["input", `${name}: ${type} [${dims}]`]),
      ...outputs.map(({ name, type, dims }) => ["output", `${name}: ${type} [${dims}]`]),
    ]),
    ...notes.map((note) => `note: ${note}`),
  ];
}
