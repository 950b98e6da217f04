import { proofBond } from "@opengradient/protocol";
import { connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { publishModel } from "../chain/publish.ts";
import { action, collect, examples, type Register } from "../command.ts";
import { CommandError } from "../failure.ts";
import { importModel } from "../model/import.ts";
import { importOptions, readBytes } from "../model/load.ts";
import { reportOf } from "../model/report.ts";
import { count, opg, table } from "../words.ts";
import { wholeNumber } from "./devnet.ts";
import { pricesOf, reportLines } from "./report.ts";

type Options = SigningOptions & { shape?: string[]; set?: string[]; royaltyBps: string; uri: string };

export const registerCommand: Register = (og) => {
  signingOptions(
    og
      .command("register")
      .description("Publish a model: everyone can then run it, offer it and dispute answers given in its name")
      .argument("<model.onnx>")
      .option("--royalty-bps <n>", "your share of every fee, in hundredths of a per cent", "0")
      .option("--uri <uri>", "where the weights can be fetched", "")
      .option("--shape <name=dims>", "dimensions of an input that the file leaves open", collect)
      .option("--set <name=value>", "make an input a constant", collect),
  )
    .addHelpText("after", examples("og register digits.onnx --account author --royalty-bps 250"))
    .action(
      action<[string, Options]>(async (output, path, options) => {
        const { writer } = await connectSigning(options);
        const source = readBytes(path);
        const model = importModel(source, importOptions(path, options));
        output.progress("measuring what it costs …");
        const report = await reportOf(model, source);
        const prices = pricesOf({ gasPrice: "0.05", opgPerNative: "10000", opgPerHour: "2" });
        output.say(...reportLines(model, report, prices), "");
        if (report.equality.differing > 0)
          throw new CommandError(`${report.equality.differing} elements differ from the reference: not published`, {
            todo: "this is a fault of the engine; report it with the model",
          });
        output.progress("publishing …");
        const royaltyBps = wholeNumber("--royalty-bps", options.royaltyBps, 0, 10_000);
        const published = await publishModel(writer, model, { royaltyBps, uri: options.uri });
        const bond = await proofBond(writer);
        const value = {
          ...model.roots,
          author: writer.wallet.account.address,
          gas: published.gas,
          transactions: published.transactions.map(({ hash }) => hash),
          known: published.known,
          report,
        };
        output.result(value, [
          published.known
            ? "This model is published already, by whoever came first."
            : `Published with ${count(published.gas)} gas in ${published.transactions.length} transaction(s).`,
          ...table([
            ["model", model.roots.modelRoot],
            ["author", writer.wallet.account.address],
            ["a proof takes", `${opg(bond)} as a bond, given back with the verdict`],
          ]),
        ]);
      }),
    );
};
