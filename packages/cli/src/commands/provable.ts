import { basename } from "node:path";
import { openArbiter } from "../arbiter.ts";
import { action, examples, type Register } from "../command.ts";
import { EXIT } from "../failure.ts";
import { type Provable, provables } from "../provable.ts";
import { count, table } from "../words.ts";
import { wholeNumber } from "./devnet.ts";

type Options = { kernels: string; markdown?: boolean };

type Proven = Provable & Required<Omit<Provable, "refused">>;

/** Of `valid`, rule V9. */
const MOST = { gas: 6_000_000, bytes: 65_536 };

export const provableCommand: Register = (og) => {
  og.command("provable")
    .description(
      "Prove the dearest elements of models on the Arbiter, in an EVM here: what it takes, and what the bound says",
    )
    .argument("<dirs...>", "folders of ONNX files; the first example beside a file is its input")
    .option("--kernels <n>", "kernels of each model, the dearest by gas and by bytes", "3")
    .option("--markdown", "as the page docs/provable.md")
    .addHelpText("after", examples("og provable models", "og provable models onnx-ml --markdown > docs/provable.md"))
    .action(
      action<[string[], Options]>(async (output, dirs, { kernels, markdown }) => {
        const dearest = wholeNumber("--kernels", kernels, 1, 65_536);
        const arbiter = await openArbiter();
        const all: Provable[] = [];
        for (const dir of dirs)
          for await (const model of provables(dir, dearest, arbiter)) {
            const name = `${basename(dir)}/${model.name}`;
            output.progress(name);
            all.push({ ...model, name });
          }
        const proven = all.filter((model): model is Proven => model.measured !== undefined);
        const isBelow = ({ bound, measured }: Proven) =>
          (["gas", "bytes"] as const).every((key) => measured[key] <= bound[key] && bound[key] <= MOST[key]);
        const above = proven.filter((model) => !isBelow(model));
        output.result(all, markdown ? page(all, proven) : words(all, proven, above));
        return above.length > 0 ? EXIT.no : EXIT.done;
      }),
    );
};

const HEAD = ["model", "kernels", "gas, bound", "gas, billed", "bytes, bound", "bytes, sent", "proofs"];

const rowOf = ({ name, kernels, bound, measured, proven }: Proven): string[] => [
  name,
  ...[kernels, bound.gas, measured.gas, bound.bytes, measured.bytes, proven].map(count),
];

function words(all: readonly Provable[], proven: readonly Proven[], above: readonly Proven[]): string[] {
  return [
    ...table([HEAD, ...proven.map(rowOf)], [1, 2, 3, 4, 5, 6]),
    ...all.flatMap(({ name, refused }) => (refused ? [`refused  ${name}: ${refused}`] : [])),
    "",
    above.length === 0
      ? `all ${proven.length} models below their bounds, and these below ${count(MOST.gas)} gas and ${count(MOST.bytes)} bytes`
      : `ABOVE: ${above.map(({ name }) => name).join(", ")}`,
  ];
}

function page(all: readonly Provable[], proven: readonly Proven[]): string[] {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const refused = all.flatMap(({ name, refused: why }) => (why ? [`- \`${name}\`: ${why}`] : []));
  return [
    "# What a proof costs",
    "",
    "Made by `npm run og -- provable DIRS --markdown`. Of each model the kernels with the greatest static bounds are run as an operator would run them; elements of their results are falsified and proven false on the Arbiter, in an EVM with Ethereum's present rules. *Bound* is the greatest over all kernels of the model ([cost.md](spec/cost.md)); `valid` refuses what has more than 6,000,000 gas or 65,536 bytes. *Billed* is the dearest transaction of those proofs, *sent* the largest witness.",
    "",
    row(HEAD),
    row(["---", ...HEAD.slice(1).map(() => "--:")]),
    ...proven.map((model) => row(rowOf(model))),
    ...(refused.length > 0 ? ["", "Refused:", "", ...refused] : []),
  ];
}
