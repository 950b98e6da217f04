import { writeFileSync } from "node:fs";
import {
  depositFromJson,
  depositToJson,
  NO_END,
  openChannelWithAuthorization,
  readChannel,
  readFunds,
  signDeposit,
} from "@opengradient/protocol";
import type { Command } from "commander";
import { DEVNET_CHAIN_ID } from "../chain/accounts.ts";
import { connect, connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { accountOf } from "../chain/keys.ts";
import { action, examples } from "../command.ts";
import { CommandError } from "../failure.ts";
import { readBytes } from "../model/load.ts";
import { keepOpening, type Opening, openingOptions, purseOption, YEAR } from "../payer/opening.ts";
import { openPurse } from "../payer/purse.ts";
import { date, opg, table } from "../words.ts";
import { channelWords } from "./channel.ts";
import { wholeNumber } from "./devnet.ts";

type SignOptions = SigningOptions & Opening & { data: string; valid: string; output: string };

/** The part of `og channel` by which somebody else brings a deposit: the requester needs OPG and no native coin. */
export function depositCommands(channel: Command): void {
  openingOptions(
    purseOption(
      signingOptions(
        channel
          .command("sign-deposit")
          .description(
            "Sign a deposit into a channel for somebody else to bring; sends nothing and needs no native coin",
          ),
      ),
    ),
  )
    .option("--valid <seconds>", "how long it can be brought", "86400")
    .option(
      "-o, --output <file>",
      "where to write it; whoever has it can bring it, once, and nothing else",
      "deposit.json",
    )
    .addHelpText(
      "after",
      examples(
        "og channel sign-deposit 0xOPERATOR 50 --session --account requester",
        "og channel deposit deposit.json --account requester2",
      ),
    )
    .action(
      action<[string, string, SignOptions]>(async (output, operator, text, options) => {
        const { reader } = await connect(options);
        const account = accountOf(options, reader.chainId === DEVNET_CHAIN_ID);
        const now = Number((await reader.chain.getBlock()).timestamp);
        const valid = wholeNumber("--valid", options.valid, 60, YEAR);
        const asked = { requester: account.address, operator, amount: text, now };
        const deposit = keepOpening(openPurse(options.data), asked, options);
        const funds = await readFunds(reader, account.address);
        if (funds.opg < deposit.amount)
          throw new CommandError(
            `${account.address} holds ${opg(funds.opg)}, the deposit is of ${opg(deposit.amount)}`,
          );
        const validBefore = now + valid;
        const authorization = await signDeposit(reader, account, { ...deposit, validBefore: BigInt(validBefore) });
        const { chainId, addresses } = reader;
        const signed = { chainId, channels: addresses.channels, ...deposit, authorization };
        writeFileSync(options.output, `${depositToJson(signed)}\n`);
        const { parties, amount, closesAt } = deposit;
        output.result({ file: options.output, ...signed }, [
          ...table([
            ["deposit", `${opg(amount)} of ${parties.requester}`],
            ["for", parties.operator],
            ["signer", parties.signer],
            ["ends", closesAt === NO_END ? "when you thaw the channel" : date(closesAt)],
            ["good until", date(validBefore)],
            ["file", options.output],
          ]),
          `Nothing was sent: whoever has the file brings it with: og channel deposit ${options.output}`,
        ]);
      }),
    );

  signingOptions(
    channel
      .command("deposit")
      .description(
        "Bring a deposit that its requester signed: its OPG go into that channel and nowhere else; you pay the gas",
      )
      .argument("<file>", "as og channel sign-deposit writes it"),
  )
    .addHelpText("after", examples("og channel deposit deposit.json --account requester2"))
    .action(
      action<[string, SigningOptions]>(async (output, file, options) => {
        const { writer } = await connectSigning(options);
        const deposit = depositFromJson(new TextDecoder().decode(readBytes(file)), writer);
        const { parties } = deposit;
        const { receipt } = await openChannelWithAuthorization(writer, deposit);
        const state = await readChannel(writer, parties);
        const { timestamp } = await writer.chain.getBlock();
        output.result({ ...parties, ...state, gas: receipt.gasUsed }, [
          ...channelWords(parties, state, Number(timestamp)),
          `${receipt.gasUsed} gas`,
        ]);
      }),
    );
}
