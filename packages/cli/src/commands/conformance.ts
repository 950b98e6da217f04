import { compile, EngineError, load } from "@opengradient/engine";
import { action, examples, type Register } from "../command.ts";
import {
  agreeing,
  type CaseResult,
  type ConformanceReport,
  conformance,
  type Executor,
  ExecutorRefusal,
  referenceExecutor,
} from "../conformance.ts";
import { arbiterExecutor } from "../conformanceArbiter.ts";
import { CommandError, EXIT } from "../failure.ts";
import { table } from "../words.ts";

type Options = {
  executor: string;
  sample: string;
  filter?: string;
  eachOperator?: boolean;
  rtol?: string;
  atol?: string;
};

export const wasmExecutor: Executor = async (program, weights, inputs) => {
  try {
    return (await load(await compile(program), weights)).run(inputs);
  } catch (cause) {
    if (cause instanceof EngineError && cause.code === "memory") throw new ExecutorRefusal(cause.message, { cause });
    throw cause;
  }
};

const EXECUTORS: Readonly<Record<string, (sample: number) => Executor | Promise<Executor>>> = {
  reference: () => referenceExecutor,
  wasm: () => wasmExecutor,
  both: () => agreeing(referenceExecutor, wasmExecutor),
  arbiter: arbiterExecutor,
};

const STYLES = { passed: "green", failed: "red", refused: "yellow" } as const;

export const conformanceCommand: Register = (og) => {
  og.command("conformance")
    .description("Run ONNX's backend test cases: what passes, what fails and why, what is refused and why")
    .argument("<dir>", "a case (model.onnx with test_data_set_*), or a folder of such at any depth")
    .option("--executor <name>", `${Object.keys(EXECUTORS).join(", ")} (reference and wasm, equal to the bit)`, "wasm")
    .option("--sample <number>", "elements of each kernel that the Arbiter is asked for", "4")
    .option("--filter <text>", "only cases whose name holds this")
    .option("--each-operator", "only the smallest cases in which every operator passes once")
    .option("--rtol <number>", "relative tolerance")
    .option("--atol <number>", "absolute tolerance")
    .addHelpText(
      "after",
      examples(
        "og conformance onnx/backend/test/data/node",
        "og conformance onnx/backend/test/data/node --executor arbiter --each-operator",
        "og conformance mnist-8 --json",
      ),
    )
    .action(
      action<[string, Options]>(async (output, dir, { executor, sample, filter, eachOperator, ...options }) => {
        const make = EXECUTORS[executor];
        if (!make) throw new CommandError(`--executor ${executor}: ${Object.keys(EXECUTORS).join(", ")}`);
        if (!(Number(sample) >= 1)) throw new CommandError(`--sample ${sample}: a number from 1 is needed`);
        const number = (name: "rtol" | "atol") => {
          const text = options[name];
          if (text === undefined) return {};
          if (!(Number(text) >= 0)) throw new CommandError(`--${name} ${text}: a number from 0 is needed`);
          return { [name]: Number(text) };
        };
        const onCase = ({ name, status, reason, outside }: CaseResult) => {
          output.progress(name);
          const why = outside ? `${outside}: ${reason}` : reason;
          output.say(`${output.paint(STYLES[status], status.padEnd(8))} ${name}${why ? `: ${why}` : ""}`);
        };
        const report = await conformance({
          dir,
          executor: await make(Math.floor(Number(sample))),
          onCase,
          ...(filter !== undefined && { filter }),
          ...(eachOperator && { eachOperator }),
          ...number("rtol"),
          ...number("atol"),
        });
        output.result(report, words(report));
        return report.totals.failed > 0 ? EXIT.no : EXIT.done;
      }),
    );
};

function words({ totals, outside, missing, cases }: ConformanceReport): string[] {
  const { passed, failed, refused, all } = totals;
  const kinds = Object.entries(outside).sort(([, a], [, b]) => b - a);
  const covered = new Set(cases.flatMap(({ status, operators }) => (status === "passed" ? operators : [])));
  return [
    "",
    ...table(
      kinds.map(([kind, count]) => [String(count), `refused: ${kind}`]),
      [0],
    ),
    ...missing.map((name) => `missing: ${name}`),
    `${passed} / ${all} passed (${((100 * passed) / Math.max(all, 1)).toFixed(1)} %), ${failed} failed, ${refused} refused`,
    `${covered.size} operators in what passed`,
  ];
}
