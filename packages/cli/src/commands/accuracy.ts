import { type Accuracy, accuracies, type Measured } from "../accuracy.ts";
import { action, examples, type Register } from "../command.ts";
import { EXIT } from "../failure.ts";
import { count, duration, table } from "../words.ts";

export const accuracyCommand: Register = (og) => {
  og.command("accuracy")
    .description("Run trained models on the inputs beside them: how far their outputs are off from the given ones")
    .argument("<dir>", "NAME.onnx beside NAME.vectors/SET/{input,output}_*, or model.onnx with test_data_set_*")
    .addHelpText("after", examples("og accuracy models", "og accuracy models/ultraface --json"))
    .action(
      action<[string]>(async (output, dir) => {
        const all: Accuracy[] = [];
        for await (const model of accuracies(dir)) {
          output.progress(model.name);
          all.push(model);
        }
        output.result(all, linesOf(all));
        return all.every(isRight) ? EXIT.done : EXIT.no;
      }),
    );
};

/** Refused is not wrong. */
const isRight = ({ measured }: Accuracy): boolean =>
  measured === undefined ||
  (measured.reference.differing === 0 && measured.outputs.every(({ near, top }) => near && top !== false));

const HEAD = ["model", "kernels", "gas", "witness", "compiled in", "output", "max abs", "max rel", "top-1", "near"];

function linesOf(all: readonly Accuracy[]): string[] {
  const rows = all.flatMap(({ name, measured }) => (measured ? rowsOf(name, measured) : []));
  const refused = all.flatMap(({ name, refused }) => (refused ? [`refused  ${name}: ${refused}`] : []));
  const measured = all.flatMap(({ measured }) => measured ?? []);
  const differing = measured.reduce((sum, { reference }) => sum + reference.differing, 0);
  const elements = measured.reduce((sum, { reference }) => sum + reference.elements, 0);
  return [
    ...table([HEAD, ...rows], [1, 2, 3, 4, 6, 7]),
    ...refused,
    "",
    "gas, witness: of the worst element, by the static bound; bytes",
    `${count(elements)} elements of all kernels computed by the reference: ${differing === 0 ? "all equal, to the bit" : `${differing} DIFFER`}`,
    `${all.filter((model) => model.measured && isRight(model)).length} right, ${all.filter((model) => !isRight(model)).length} wrong, ${refused.length} refused`,
  ];
}

const rowsOf = (name: string, { kernels, worst, compiling, outputs }: Measured): string[][] =>
  outputs.map(({ name: output, absolute, relative, top, near }, i) => [
    ...(i === 0
      ? [name, count(kernels), count(worst.gas), count(worst.bytes), duration(compiling)]
      : ["", "", "", "", ""]),
    output,
    absolute === 0 ? "0" : absolute.toExponential(1),
    relative === 0 ? "0" : relative.toExponential(1),
    top === undefined ? "" : top ? "equal" : "DIFFERS",
    near ? "yes" : "NO",
  ]);
