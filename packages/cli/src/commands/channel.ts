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
import { DEVNET_CHAIN_ID } from "../chain/accounts.ts";
import { chainOptions, connect, connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { accountOf } from "../chain/keys.ts";
import { action, examples, type Register } from "../command.ts";
import { CommandError } from "../failure.ts";
import { keepOpening, knownChannel, type Opening, openingOptions, purseOption } from "../payer/opening.ts";
import { openPurse } from "../payer/purse.ts";
import { opg, seconds, table } from "../words.ts";
import { depositCommands } from "./deposits.ts";
import { addressOf, opgAmount } from "./stake.ts";

type Options = SigningOptions & { data: string };
type OpenOptions = Options & Opening;

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

  openingOptions(own("open", "Open a channel: deposit OPG that one operator can be paid from"))
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
        const requester = writer.wallet.account.address;
        const { timestamp } = await writer.chain.getBlock();
        const asked = { requester, operator: operatorText, amount: text, now: Number(timestamp) };
        const { parties, amount, closesAt } = keepOpening(openPurse(options.data), asked, options);
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

  depositCommands(channel);

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
  const parties = knownChannel(
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

export function channelWords(parties: Parties, { id, deposit, closesAt }: ChannelState, now: number): string[] {
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
