import { type OperatorRecord, quotes } from "@opengradient/protocol";
import { type ChainOptions, chainOptions, connect } from "../chain/connect.ts";
import { readHistory } from "../chain/history.ts";
import { action, examples, type Register } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import { modelRootOf } from "../model/load.ts";
import { opg, table } from "../words.ts";

const NEW: OperatorRecord = { answers: 0, final: 0, void: 0 };

export const operatorsCommand: Register = (og) => {
  chainOptions(
    og
      .command("operators")
      .description("Who answers for a model: what they ask, what they can cover now, and how their answers ended")
      .argument("<model>", "a model's root, or its file (.og or .onnx)"),
  )
    .addHelpText("after", examples("og operators 0xMODEL", "og operators digits.onnx --json"))
    .action(
      action<[string, ChainOptions]>(async (output, model, options) => {
        const { place, reader } = await connect(options);
        const modelRoot = modelRootOf(model);
        const { offering, records } = await readHistory(reader, place);
        const found = await quotes(reader, { operators: offering.get(modelRoot) ?? [], modelRoot });
        if (found.length === 0)
          throw new CommandError(`nobody offers model ${modelRoot}`, {
            code: EXIT.no,
            todo: "operators offer a model with: og stake --offer MODEL=FEE,COVERAGE",
          });
        const all = found.map((quote) => ({ ...quote, record: records.get(quote.operator.toLowerCase()) ?? NEW }));
        output.result(
          { model: modelRoot, operators: all },
          table(
            [
              ["operator", "asks", "covers up to", "answers", "final", "fallen", ""],
              ...all.map(({ operator, fee, maxCoverage, record, refusal }) => [
                operator,
                opg(fee),
                opg(maxCoverage),
                String(record.answers),
                String(record.final),
                String(record.void),
                refusal ?? "",
              ]),
            ],
            [1, 2, 3, 4, 5],
          ),
        );
      }),
    );
};
