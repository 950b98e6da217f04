import { parseConfig, silentLog, startNode, type Verdict } from "@opengradient/node";
import { type ChainOptions, chainOptions, connect } from "../chain/connect.ts";
import { action, collect, examples, type Register } from "../command.ts";
import { interrupted } from "../ending.ts";
import { configOf } from "./node.ts";

type Options = ChainOptions & { model?: string[]; data: string };

export const watchCommand: Register = (og) => {
  chainOptions(
    og
      .command("watch")
      .description("Run every posted answer of a model again and say what is true; needs no key and disputes nothing")
      .option("--model <file>", "a model (.og, .onnx, or a node's model folder); may be given several times", collect)
      .option("--data <folder>", "the watcher's own state", ".og/watch"),
  )
    .addHelpText("after", examples("og watch --model digits.onnx", "og watch --model digits.onnx --json"))
    .action(
      action<[Options]>(async (output, options) => {
        const { place } = await connect(options);
        const config = parseConfig({ ...configOf({ ...options, port: "0" }, place), watcher: { mode: "watch" } });
        const node = await startNode(config, { log: silentLog });
        output.say("Watching. Ctrl-C ends it.");
        let ended = false;
        const end = interrupted().then(() => {
          ended = true;
        });
        const told = new Map<string, string>();
        while (!ended) {
          for (const verdict of await verdictsOf(node.url)) {
            const state = `${verdict.agree} ${verdict.reason}`;
            if (told.get(verdict.digest) === state) continue;
            told.set(verdict.digest, state);
            output.event({ ...verdict }, [words(verdict, output.paint)]);
          }
          await Promise.race([end, new Promise((wake) => setTimeout(wake, 500))]);
        }
        await node.stop();
      }),
    );
};

const verdictsOf = async (url: string): Promise<Verdict[]> =>
  (await fetch(`${url}/verdicts`)).json() as Promise<Verdict[]>;

function words(
  { digest, agree, reason }: Verdict,
  paint: (style: "green" | "red" | "yellow", text: string) => string,
): string {
  const mark = agree === undefined ? paint("yellow", "?") : agree ? paint("green", "✓ right") : paint("red", "✗ FALSE");
  return `${digest}  ${mark}  ${reason}`;
}
