import { readFunds } from "@opengradient/protocol";
import { type ChainOptions, chainOptions, connect } from "../chain/connect.ts";
import { action, examples, type Register } from "../command.ts";
import { native, opg, table } from "../words.ts";
import { addressOf } from "./stake.ts";

export const fundsCommand: Register = (og) => {
  chainOptions(og.command("funds").description("What an address holds: OPG and native coin").argument("<address>"))
    .addHelpText("after", examples("og funds 0xYOU", "og funds 0xYOU --json"))
    .action(
      action<[string, ChainOptions]>(async (output, text, options) => {
        const { reader } = await connect(options);
        const address = addressOf("the address", text);
        const funds = await readFunds(reader, address);
        output.result({ address, ...funds }, table([[address, opg(funds.opg), native(funds.native)]]));
      }),
    );
};
