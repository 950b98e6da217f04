import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { action, collect, examples, type Register } from "../command.ts";
import { CommandError } from "../failure.ts";
import { importModel } from "../model/import.ts";
import { importOptions, readBytes } from "../model/load.ts";
import { quantise } from "../model/quantise.ts";
import { readExamples } from "../model/tensors.ts";
import { bytes, count, table } from "../words.ts";
import { summary } from "./import.ts";

type Options = { calibrate?: string[]; test?: string[]; output?: string; shape?: string[]; set?: string[] };

export const quantiseCommand: Register = (og) => {
  og.command("quantise")
    .description(
      "Make the 8-bit form of a model: smaller, faster to run, cheaper to dispute; and say how far it is off",
    )
    .argument("<model.onnx>", "with one input")
    .option(
      "--calibrate <file>",
      "examples of the input, one after the other: .json, .pb or raw little-endian bytes",
      collect,
    )
    .option("--test <file>", "other examples, to judge it by (default: the same)", collect)
    .option("-o, --output <file>", "where to write it (default: beside the source, as -int8.onnx)")
    .option("--shape <name=dims>", "dimensions of an input that the file leaves open", collect)
    .option("--set <name=value>", "make an input a constant", collect)
    .addHelpText("after", examples("og quantise digits.onnx --calibrate some.f32 --test others.f32"))
    .action(
      action<[string, Options]>(async (output, path, options) => {
        const { calibrate = [], test } = options;
        if (calibrate.length === 0)
          throw new CommandError("no examples", { todo: "give some of the model's inputs with --calibrate FILE" });
        const source = readBytes(path);
        const given = importOptions(path, options);
        const before = importModel(source, given);
        output.progress("running the examples …");
        const tests = test && readExamples(before, test);
        const { file, tensors, model, accuracy } = await quantise(
          source,
          given,
          readExamples(before, calibrate),
          tests,
        );
        const target = options.output ?? path.replace(/(\.onnx)?$/, "-int8.onnx");
        writeFileSync(target, file);
        const { examples: all, worst, mean, greatest, sameTop } = accuracy;
        output.result({ file: target, bytes: file.length, tensors, accuracy, model: summary(model) }, [
          `${basename(path)} (${bytes(source.length)}) → ${target} (${bytes(file.length)})`,
          "",
          ...table([
            ["model", model.roots.modelRoot],
            ["quantised", `${count(tensors)} tensors between operators, and the weights that meet them`],
            ["same answer", `${count(sameTop)} of ${count(all)} examples have their greatest output at the same place`],
            [
              "off by",
              `${worst.toPrecision(2)} at most, ${mean.toPrecision(2)} on average, of ${greatest.toPrecision(3)}`,
            ],
          ]),
        ]);
      }),
    );
};
