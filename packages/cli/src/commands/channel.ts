import {
  type ChannelState,
  channelThaw,
  ensureAllowance,
  fundChannel,
  NO_END,
  openChannelWithPermit,
  type Parties,
  type Reader,
  readChannel,
  setChannelEnd,
  signChannelPermit,
  type Writer,
  withdrawChannel,
} from "@opengradient/protocol";
import type { Command } from "commander";
import type { Address } from "viem";
import { DEVNET_CHAIN_ID } from "../chain/accounts.ts";
import { chainOptions, connect, connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { accountOf } from "../chain/keys.ts";
import { action, examples, type Register } from "../command.ts";
import { CommandError } from "../failure.ts";
import { type FilePurse, openPurse } from "../payer/purse.ts";
import { opg, seconds, table } from "../words.ts";
import { wholeNumber } from "./devnet.ts";
import { addressOf, opgAmount } from "./stake.ts";

export const PURSE = ".og/requester";

type Options = SigningOptions & { data: string };
type OpenOptions = Options & { session?: boolean; signer?: string; seconds?: string };

/** Where a requester's channels, claims and session keys are kept. */
export const purseOption = (command: Command): Command =>
  command.option("--data <folder>", "your channels, vouchers, signed claims and session keys", PURSE);

const YEAR = 365 * 86_400;

export const channelCommand: Register = (og) => {
  const channel = og
    .command("channel")
    .description("A deposit with one operator, paid out by vouchers: requests without a transaction each (og ask)")
    .addHelpText(
      "after",
      examples(
        "og channel open 0xOPERATOR 50 --session --account requester",
        "og ask 0xMODEL --input seven.json",
        "og channel thaw 0xOPERATOR --account requester",
      ),
    );
  const own = (name: string, words: string) => purseOption(signingOptions(channel.command(name).description(words)));

  own("open", "Open a channel: deposit OPG that one operator can be paid from")
    .argument("<operator>", "the operator's address")
    .argument("<amount>", "OPG")
    .option("--session", "a fresh key signs the vouchers, kept in the data folder: the deposit is its budget")
    .option(
      "--signer <address>",
      "the key that signs the vouchers (default: your own; a wallet contract must name one)",
    )
    .option("--seconds <n>", "how long vouchers can be redeemed; at least the thaw (default: until you thaw it)")
    .addHelpText(
      "after",
      examples(
        "og channel open 0xOPERATOR 50 --account requester",
        "og channel open 0xOPERATOR 5 --session --seconds 86400 --account requester",
      ),
    )
    .action(
      action<[string, string, OpenOptions]>(async (output, operatorText, text, options) => {
        const { writer } = await connectSigning(options);
        const purse = openPurse(options.data);
        const requester = writer.wallet.account.address;
        const amount = opgAmount("the amount", text);
        const signer = options.session
          ? purse.newSession().address
          : (addressOf("--signer", options.signer) ?? requester);
        const parties = { requester, operator: addressOf("the operator", operatorText)!, signer };
        const { timestamp } = await writer.chain.getBlock();
        const life =
          options.seconds === undefined ? undefined : wholeNumber("--seconds", options.seconds, 1, 10 * YEAR);
        const closesAt = life === undefined ? NO_END : Number(timestamp) + life;
        // Kept first: a channel that is open and forgotten holds OPG that nobody looks for.
        purse.keepChannel(parties);
        const account = accountOf(options, writer.chainId === DEVNET_CHAIN_ID);
        const permit = await signChannelPermit(writer, account, { amount, deadline: timestamp + 3600n });
        const done = await openChannelWithPermit(writer, { ...parties, amount, closesAt, permit });
        const state = await readChannel(writer, parties);
        output.result({ ...parties, ...state, gas: done.receipt.gasUsed }, [
          ...channelWords(parties, state, Number(timestamp)),
          `open: ${done.receipt.gasUsed} gas`,
        ]);
      }),
    );

  own("fund", "Add OPG to a channel of yours")
    .argument("<operator>", "the operator's address")
    .argument("<amount>", "OPG")
    .addHelpText("after", examples("og channel fund 0xOPERATOR 20 --account requester"))
    .action(
      action<[string, string, Options]>((output, operator, text, options) =>
        change(output, operator, options, async (writer, parties) => {
          const amount = opgAmount("the amount", text);
          await ensureAllowance(writer, { spender: writer.addresses.channels, amount });
          return fundChannel(writer, { parties, amount });
        }),
      ),
    );

  own("thaw", "Close a channel: the operator redeems what you owe, then the rest can be withdrawn")
    .argument("<operator>", "the operator's address")
    .addHelpText("after", examples("og channel thaw 0xOPERATOR --account requester"))
    .action(
      action<[string, Options]>((output, operator, options) =>
        change(output, operator, options, async (writer, parties) => {
          const [thaw, { timestamp }] = await Promise.all([channelThaw(writer), writer.chain.getBlock()]);
          // The block that takes it is a little later.
          return setChannelEnd(writer, { ...parties, closesAt: Number(timestamp) + thaw + 60 });
        }),
      ),
    );

  own("withdraw", "Take back what is left of a channel that is closed")
    .argument("<operator>", "the operator's address")
    .addHelpText("after", examples("og channel withdraw 0xOPERATOR --account requester"))
    .action(
      action<[string, Options]>((output, operator, options) =>
        change(output, operator, options, (writer, parties) => withdrawChannel(writer, parties)),
      ),
    );

  purseOption(chainOptions(channel.command("status").description("Your channels as they stand on chain; needs no key")))
    .addHelpText("after", examples("og channel status"))
    .action(
      action<[Options]>(async (output, options) => {
        const { reader } = await connect(options);
        const all = await Promise.all(
          openPurse(options.data)
            .channels()
            .map((parties) => stateOf(reader, parties)),
        );
        const { timestamp } = await reader.chain.getBlock();
        const words = all.flatMap(({ parties, state }) => [...channelWords(parties, state, Number(timestamp)), ""]);
        output.result(
          all.map(({ parties, state }) => ({ ...parties, ...state })),
          words.length ? words : ["No channel is known here. Open one with: og channel open OPERATOR AMOUNT"],
        );
      }),
    );
};

const stateOf = async (reader: Reader, parties: Parties) => ({ parties, state: await readChannel(reader, parties) });

/** One transaction about a channel of the caller's, and how the channel stands after it. */
async function change(
  output: Parameters<Parameters<typeof action>[0]>[0],
  operator: string,
  options: Options,
  act: (writer: Writer, parties: Parties) => Promise<{ receipt: { gasUsed: bigint } }>,
): Promise<void> {
  const { writer } = await connectSigning(options);
  const parties = ownChannel(
    openPurse(options.data),
    writer.wallet.account.address,
    addressOf("the operator", operator)!,
  );
  const { receipt } = await act(writer, parties);
  const state = await readChannel(writer, parties);
  const { timestamp } = await writer.chain.getBlock();
  output.result({ ...parties, ...state, gas: receipt.gasUsed }, [
    ...channelWords(parties, state, Number(timestamp)),
    `${receipt.gasUsed} gas`,
  ]);
}

/** The channel that was opened from here; one that was opened elsewhere by the requester's own key otherwise. */
function ownChannel(purse: FilePurse, requester: Address, operator: Address): Parties {
  const same = (a: Address, b: Address) => a.toLowerCase() === b.toLowerCase();
  const known = purse.channels().find((one) => same(one.requester, requester) && same(one.operator, operator));
  return known ?? { requester, operator, signer: requester };
}

function channelWords(parties: Parties, { id, deposit, closesAt }: ChannelState, now: number): string[] {
  const { requester, operator, signer } = parties;
  if (!closesAt) throw new CommandError(`there is no channel from ${requester} to ${operator} signed by ${signer}`);
  const end =
    closesAt === NO_END ? "when you thaw it" : closesAt < now ? "closed: withdraw it" : `in ${seconds(closesAt - now)}`;
  return table([
    ["channel", id],
    ["operator", operator],
    ["requester", requester],
    ["signer", signer === requester ? "the requester" : signer],
    ["deposit", opg(deposit)],
    ["ends", end],
  ]);
}
