import { compile, EngineError, load } from "@opengradient/engine";
import { action, examples, type Register } from "../command.ts";
import { conformance, type Executor, ExecutorRefusal, referenceExecutor } from "../conformance.ts";
import { arbiterExecutor } from "../conformanceArbiter.ts";
import { CommandError, EXIT } from "../failure.ts";

type Options = { executor: string; rtol?: string; atol?: string };

const wasmExecutor: Executor = async (program, weights, inputs) => {
  try {
    return (await load(await compile(program), weights)).run(inputs);
  } catch (cause) {
    if (cause instanceof EngineError && cause.code === "memory") throw new ExecutorRefusal(cause.message, { cause });
    throw cause;
  }
};

const EXECUTORS: Readonly<Record<string, () => Promise<Executor>>> = {
  reference: async () => referenceExecutor,
  wasm: async () => wasmExecutor,
  arbiter: arbiterExecutor,
};

export const conformanceCommand: Register = (og) => {
  og.command("conformance")
    .description("Run ONNX's backend test cases: what passes, what fails and why, what is refused and why")
    .argument("<dir>", "a case (model.onnx with test_data_set_*), or a folder of such at any depth")
    .option("--executor <name>", Object.keys(EXECUTORS).join(", "), "wasm")
    .option("--rtol <number>", "relative tolerance")
    .option("--atol <number>", "absolute tolerance")
    .addHelpText("after", examples("og conformance onnx/backend/test/data/node", "og conformance mnist-8 --json"))
    .action(
      action<[string, Options]>(async (output, dir, options) => {
        const make = EXECUTORS[options.executor];
        if (!make) throw new CommandError(`--executor ${options.executor}: ${Object.keys(EXECUTORS).join(", ")}`);
        const number = (name: "rtol" | "atol") => {
          const text = options[name];
          if (text === undefined) return {};
          if (!(Number(text) >= 0)) throw new CommandError(`--${name} ${text}: a number from 0 is needed`);
          return { [name]: Number(text) };
        };
        const onCase = ({ name, status, reason }: { name: string; status: string; reason?: string }) => {
          output.progress(name);
          const style = ({ passed: "green", failed: "red", refused: "yellow" } as const)[status as "passed"];
          output.say(`${output.paint(style, status.padEnd(8))} ${name}${reason ? `: ${reason}` : ""}`);
        };
        const report = await conformance({ dir, executor: await make(), onCase, ...number("rtol"), ...number("atol") });
        const { passed, failed, refused } = report.totals;
        output.result(report, ["", `${passed} passed, ${failed} failed, ${refused} refused`]);
        return failed > 0 ? EXIT.no : EXIT.done;
      }),
    );
};
