import { compile, PASSES } from "@opengradient/compiler";
import { importGraph } from "@opengradient/onnx";
import { costOf, DTYPE_NAMES, factsOf, foldSteps, type Kernel, type Program } from "@opengradient/program";
import { action, collect, examples, type Register } from "../command.ts";
import { CommandError } from "../failure.ts";
import { isModelFile } from "../model/file.ts";
import { importOptions, loadModel, readBytes } from "../model/load.ts";
import { printKernel } from "../model/print.ts";
import { count, table } from "../words.ts";
import { summary, summaryLines } from "./import.ts";

type Options = { after?: string; kernel?: string; shape?: string[]; set?: string[] };

export const inspectCommand: Register = (og) => {
  og.command("inspect")
    .description("Show what is in a model: its kernels, or one of them in full, after any pass of the compiler")
    .argument("<file>", "a compiled model (.og) or an ONNX file")
    .option("--after <pass>", `stop the compiler after a pass: import, ${PASSES.map(({ name }) => name).join(", ")}`)
    .option("--kernel <k>", "show one kernel in full")
    .option("--shape <name=dims>", "dimensions of an input that the ONNX file leaves open", collect)
    .option("--set <name=value>", "make an input a constant", collect)
    .addHelpText("after", examples("og inspect digits.onnx", "og inspect digits.onnx --after fuse --kernel 3"))
    .action(
      action<[string, Options]>(async (output, path, options) => {
        const model = options.after === undefined ? loadModel(path, options) : undefined;
        const module = model ?? stopped(path, options);
        if (options.kernel !== undefined) {
          const k = kernelNumber(options.kernel, module.program);
          const kernel = module.program.kernels[k]!;
          const value = { kernel: k, label: module.labels[k], ...kernel, cost: costs(module.program, k) };
          output.result(value, [`kernel ${k}  ${module.labels[k] ?? ""}`, ...printKernel(kernel)]);
          return;
        }
        const kernels = module.program.kernels.map((kernel, k) => row(module.program, kernel, k, module.labels[k]));
        output.result({ ...(model ? summary(model) : { after: options.after }), kernels }, [
          ...(model ? summaryLines(model) : [`after ${options.after}${kindOf(options.after)}`]),
          "",
          ...table(
            [
              ["kernel", "from", "writes", "folds", "gas of the worst element", "witness"],
              ...kernels.map((at) => [
                String(at.kernel),
                at.label,
                `${at.dtype} [${at.loops}]`,
                count(at.folds),
                count(at.gas),
                `${count(at.bytes)} B`,
              ]),
            ],
            [0, 3, 4, 5],
          ),
        ]);
      }),
    );
};

/** What a pass may do to the bits. */
const kindOf = (name: string | undefined): string => {
  const pass = PASSES.find((at) => at.name === name);
  return pass ? ` (${pass.kind})` : "";
};

/** A module as the compiler leaves it after a pass. */
function stopped(path: string, options: Options) {
  const source = readBytes(path);
  if (isModelFile(source))
    throw new CommandError(`${path} is compiled already; --after needs its ONNX file`, {
      todo: "give the .onnx file that it was imported from",
    });
  const imported = importGraph(source, importOptions(path, options));
  return options.after === "import" ? imported : compile(imported, { after: options.after! });
}

function kernelNumber(text: string, program: Program): number {
  const k = Number(text);
  if (!Number.isInteger(k) || k < 0 || k >= program.kernels.length)
    throw new CommandError(`--kernel ${text}: the kernels are numbered 0 to ${program.kernels.length - 1}`);
  return k;
}

const costs = (program: Program, k: number) => {
  const { gas, bytes } = costOf(factsOf(program), k, program.kernels[k]!);
  return { gas, bytes };
};

const row = (program: Program, kernel: Kernel, k: number, label = "") => ({
  kernel: k,
  label,
  dtype: DTYPE_NAMES[kernel.outType],
  loops: kernel.loops,
  folds: kernel.folds.length ? foldSteps(kernel) : 0,
  ...costs(program, k),
});
