import { readFunds } from "@opengradient/protocol";
import { type ChainOptions, chainOptions, connectSigning } from "../chain/connect.ts";
import { give } from "../chain/local.ts";
import { action, examples, type Register } from "../command.ts";
import { native, opg, table } from "../words.ts";
import { addressOf, opgAmount } from "./stake.ts";

type Options = ChainOptions & { opg: string; native: string };

export const faucetCommand: Register = (og) => {
  chainOptions(
    og
      .command("faucet")
      .description("Give an address test money, on a devnet")
      .argument("<address>")
      .option("--opg <amount>", "OPG", "1000")
      .option("--native <amount>", "native coin, for gas", "10"),
  )
    .addHelpText("after", examples("og faucet 0xYOU", "og faucet 0xYOU --opg 60000 --native 1"))
    .action(
      action<[string, Options]>(async (output, text, options) => {
        const to = addressOf("the address", text);
        const { writer } = await connectSigning({ ...options, account: "deployer" });
        const gift = { opg: opgAmount("--opg", options.opg), native: opgAmount("--native", options.native) };
        await give(writer, to, gift);
        const funds = await readFunds(writer, to);
        output.result({ address: to, ...funds }, table([[to, opg(funds.opg), native(funds.native)]]));
      }),
    );
};
