import { DEVNET_CHAIN_ID } from "../chain/accounts.ts";
import { type ChainOptions, chainOptions, connect } from "../chain/connect.ts";
import { advance } from "../chain/local.ts";
import { action, examples, type Register } from "../command.ts";
import { CommandError } from "../failure.ts";
import { date } from "../words.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

export const advanceCommand: Register = (og) => {
  chainOptions(
    og
      .command("advance")
      .description("Move a devnet's clock forward, to see now what comes after a window, a deadline or a thaw")
      .argument("<time>", "90s, 10m, 2h, 8d"),
  )
    .addHelpText("after", examples("og advance 10m", "og advance 8d"))
    .action(
      action<[string, ChainOptions]>(async (output, text, options) => {
        const { place, reader } = await connect(options);
        if (reader.chainId !== DEVNET_CHAIN_ID)
          throw new CommandError(`the clock of chain ${reader.chainId} is nobody's to move: this is no devnet`);
        await advance(place.rpc, secondsOf(text));
        const { timestamp } = await reader.chain.getBlock();
        const time = date(Number(timestamp));
        output.result({ timestamp }, [`On this chain it is now ${time}.`]);
      }),
    );
};

/** "8d" as seconds. @throws CommandError */
export function secondsOf(text: string): number {
  const found = /^([1-9]\d{0,6})([smhd])$/.exec(text);
  if (!found) throw new CommandError(`${text}: a time is needed, as 90s, 10m, 2h or 8d`);
  return Number(found[1]) * UNITS[found[2]!]!;
}
