import { refund } from "@opengradient/protocol";
import { connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { readHistory } from "../chain/history.ts";
import { action, examples, type Register } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import { date, opg } from "../words.ts";
import { requestOf } from "./receipt.ts";

export const refundCommand: Register = (og) => {
  signingOptions(
    og
      .command("refund")
      .description("Take the fee of a request back that was not answered by its deadline; it goes to who asked")
      .argument("<request>", "its number"),
  )
    .addHelpText("after", examples("og refund 17 --account requester"))
    .action(
      action<[string, SigningOptions]>(async (output, number, options) => {
        const { writer, place } = await connectSigning(options);
        const { requestId, requester, terms, state } = requestOf(await readHistory(writer, place), number);
        if (state !== "waiting")
          throw new CommandError(`request ${number} was ${state}`, {
            code: EXIT.no,
            ...(state === "answered" ? { todo: `its receipt: og receipt ${number}` } : {}),
          });
        const { timestamp } = await writer.chain.getBlock();
        if (timestamp <= terms.deadline)
          throw new CommandError(`the operator may still answer request ${number}`, {
            code: EXIT.no,
            todo: `try again after ${date(Number(terms.deadline))}`,
          });
        const { receipt } = await refund(writer, { requestId, requester, terms });
        output.result({ requestId, requester, fee: terms.fee, gas: receipt.gasUsed }, [
          `${opg(terms.fee)} went back to ${requester}.`,
        ]);
      }),
    );
};
