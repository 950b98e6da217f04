import { basename } from "node:path";
import { importGraph } from "@opengradient/onnx";
import { action, collect, examples, type Register } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import { importModel, type Model } from "../model/import.ts";
import { importOptions, readBytes } from "../model/load.ts";
import { type Prices, type Report, reportOf, sampleInputs, suggest } from "../model/report.ts";
import { type Rounding, roundingOf } from "../model/rounding.ts";
import { bytes, count, duration, table } from "../words.ts";
import { summary } from "./import.ts";

type Options = { shape?: string[]; set?: string[]; gasPrice: string; opgPerNative: string; opgPerHour: string };

export const reportCommand: Register = (og) => {
  og.command("report")
    .description("Say what a model is and what it costs: to run, to publish, to dispute")
    .argument("<model.onnx>")
    .option("--shape <name=dims>", "dimensions of an input that the file leaves open", collect)
    .option("--set <name=value>", "make an input a constant", collect)
    .option("--gas-price <gwei>", "for the suggestions", "0.05")
    .option("--opg-per-native <amount>", "OPG for one native coin, for the suggestions", "10000")
    .option("--opg-per-hour <amount>", "OPG that an hour of this machine earns, for the suggestions", "2")
    .addHelpText("after", examples("og report digits.onnx", "og report digits.onnx --gas-price 1 --json"))
    .action(
      action<[string, Options]>(async (output, path, options) => {
        const source = readBytes(path);
        const given = importOptions(path, options);
        const model = importModel(source, given);
        output.progress("running, and comparing with the reference …");
        const report = await reportOf(model, source);
        output.progress("running in double precision …");
        const rounding = await roundingOf(importGraph(source, given), sampleInputs(model.program));
        const prices = pricesOf(options);
        output.result({ model: summary(model), ...report, rounding, suggested: suggest(report, prices), prices }, [
          basename(path),
          "",
          ...reportLines(model, report, prices, [["rounding", roundingWords(rounding)]]),
          ...model.notes.map((note) => `note: ${note}`),
        ]);
        return report.equality.differing > 0 ? EXIT.no : EXIT.done;
      }),
    );
};

/** Where sums are taken in another order than the file's, rounding changes: by how much. */
function roundingWords(rounding: readonly Rounding[] | undefined): string {
  if (rounding === undefined) return "not measured: too long in double precision, or nothing but integers";
  const words = rounding.map(({ after, error }) => `${error.toExponential(1)} after ${after}`);
  return `outputs are off from double precision by ${words.join(", ")} (of their greatest)`;
}

export function pricesOf(options: Pick<Options, "gasPrice" | "opgPerNative" | "opgPerHour">): Prices {
  const positive = (name: string, text: string): number => {
    const value = Number(text);
    if (!(value > 0)) throw new CommandError(`--${name} ${text}: a number above 0 is needed`);
    return value;
  };
  return {
    gasPrice: positive("gas-price", options.gasPrice),
    opgPerNative: positive("opg-per-native", options.opgPerNative),
    opgPerHour: positive("opg-per-hour", options.opgPerHour),
  };
}

/** @param more rows of the table */
export function reportLines(
  model: Model,
  report: Report,
  prices: Prices,
  more: readonly (readonly string[])[] = [],
): string[] {
  const { memory, worst, dispute, equality } = report;
  const suggested = suggest(report, prices);
  const operators = Object.entries(report.operators).map(([name, times]) => `${name}${times > 1 ? ` × ${times}` : ""}`);
  const digits = (value: number) => String(Number(value.toPrecision(2)));
  return table([
    ["model", model.roots.modelRoot],
    ["operators", operators.join(", ")],
    ["kernels", count(report.kernels)],
    ["parameters", count(report.parameters)],
    ["multiply-accumulates", count(report.multiplyAccumulates)],
    ["memory", `weights ${bytes(memory.weights)}, results ${bytes(memory.results)}, engine ${bytes(memory.engine)}`],
    ["one run", `${duration(report.milliseconds)} here, on one core`],
    ["worst element", `at most ${count(worst.gas)} gas (kernel ${worst.kernel}, ${worst.label})`],
    ["largest witness", `at most ${count(worst.bytes)} bytes`],
    ...(report.largestGroup > 1
      ? [
          [
            "recurrent groups",
            `up to ${report.largestGroup} kernels: a lie in all of them costs a challenger a path for each`,
          ],
        ]
      : []),
    [
      "a dispute",
      `${count(dispute.served.gas)} gas with a served trace; ${count(dispute.silent.gas)} with all demands, ${count(dispute.silent.demands)} at most`,
    ],
    [
      "",
      `${count(dispute.blind.gas)} with ${count(dispute.blind.demands)} demands, where nobody gives the challenger the input`,
    ],
    ["publishing", `about ${count(report.publishingGas)} gas`],
    [
      "equality",
      equality.differing === 0
        ? `${count(equality.elements)} elements of all kernels equal the reference, to the bit`
        : `${count(equality.differing)} of ${count(equality.elements)} elements DIFFER from the reference`,
    ],
    ...more,
    [
      "suggested",
      `fee ${digits(suggested.fee)} OPG, coverage ${digits(suggested.coverage)} OPG or more, ${digits(suggested.blindCoverage)} where inputs are kept secret`,
    ],
    [
      "",
      `(gas at ${prices.gasPrice} gwei, ${count(prices.opgPerNative)} OPG a coin, ${prices.opgPerHour} OPG an hour)`,
    ],
  ]);
}
