import { type Done, delegateHeldVotes, delegateVotes, readVotes, syncVotes, type Votes } from "@opengradient/protocol";
import { type Address, isAddressEqual } from "viem";
import { connect, connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { action, examples, type Register } from "../command.ts";
import { CommandError } from "../failure.ts";
import { opg, table } from "../words.ts";
import { proposalCommands } from "./proposals.ts";
import { addressOf } from "./stake.ts";

export const voteCommand: Register = (og) => {
  const vote = og
    .command("vote")
    .description("What OPG votes over: fee split, price floor, a pause of new work, the guardian (docs/governance.md)")
    .addHelpText(
      "after",
      examples(
        "og vote delegate --account requester",
        "og vote sync 0xOPERATOR --account requester",
        "og vote list",
        "og vote cast 0xPROPOSAL for --account requester",
      ),
    );

  signingOptions(
    vote.command("power").description("What an account votes with, and who votes with its OPG").argument("[address]"),
  )
    .addHelpText("after", examples("og vote power 0xYOU", "og vote power --account requester"))
    .action(
      action<[string | undefined, SigningOptions]>(async (output, text, options) => {
        const { place, reader } = await connect(options);
        const account = addressOf("the address", text) ?? (await connectSigning(options)).writer.wallet.account.address;
        const votes = await readVotes(reader, account, BigInt(place.deployment.block));
        output.result({ account, ...votes }, voteLines(account, votes));
      }),
    );

  signingOptions(
    vote
      .command("delegate")
      .description("Say who votes with your OPG, held and at stake; without it nobody votes with what you hold")
      .argument("[to]", "their address (default: you yourself)"),
  )
    .addHelpText(
      "after",
      examples("og vote delegate --account requester", "og vote delegate 0xTHEM --account requester"),
    )
    .action(
      action<[string | undefined, SigningOptions]>(async (output, text, options) => {
        const { place, writer } = await connectSigning(options);
        const own = writer.wallet.account.address;
        const to = addressOf("the delegate", text) ?? own;
        const before = await readVotes(writer, own, BigInt(place.deployment.block));
        const done = [
          ...(goesTo(before.heldDelegate, to) ? [] : [await delegateHeldVotes(writer, { to })]),
          ...(goesTo(before.stakeDelegate, to) ? [] : [await delegateVotes(writer, { to })]),
        ];
        const votes = await readVotes(writer, own, BigInt(place.deployment.block));
        const gas = gasOf(done);
        output.result({ account: own, ...votes, gas }, [...voteLines(own, votes), `${gas} gas`]);
      }),
    );

  signingOptions(
    vote
      .command("sync")
      .description("Count what you have at stake as votes: your own stake and what you delegated; again after a change")
      .argument("[operator]", "with whom (default: all with whom your count differs)")
      .option("--for <address>", "count somebody else's (anyone may)"),
  )
    .addHelpText("after", examples("og vote sync --account operator", "og vote sync 0xOPERATOR --account requester"))
    .action(
      action<[string | undefined, SigningOptions & { for?: string }]>(async (output, text, options) => {
        const { place, writer } = await connectSigning(options);
        const account = addressOf("--for", options.for) ?? writer.wallet.account.address;
        const before = await readVotes(writer, account, BigInt(place.deployment.block));
        const done = [];
        for (const operator of toCount(account, before, addressOf("the operator", text)))
          done.push(await syncVotes(writer, { account, operator }));
        const votes = await readVotes(writer, account, BigInt(place.deployment.block));
        const gas = gasOf(done);
        output.result({ account, ...votes, gas }, [...voteLines(account, votes), `${gas} gas`]);
      }),
    );

  proposalCommands(vote);
};

const goesTo = (delegate: Address | undefined, to: Address): boolean =>
  delegate !== undefined && isAddressEqual(delegate, to);

const gasOf = (done: readonly Done[]): bigint => done.reduce((sum, { receipt }) => sum + receipt.gasUsed, 0n);

/** Operators with whom an account's votes are to be counted (again). */
function toCount(account: Address, { stakes }: Votes, operator: Address | undefined): readonly Address[] {
  if (operator !== undefined) return [operator];
  if (stakes.length === 0)
    throw new CommandError(`${account} has nothing at stake`, {
      todo: "what is held votes without it: og vote delegate",
    });
  return stakes.filter(({ units, counted }) => units !== counted).map((stake) => stake.operator);
}

const voter = (delegate: Address | undefined, own: Address): string =>
  delegate === undefined ? "nobody" : isAddressEqual(delegate, own) ? "itself" : delegate;

function voteLines(account: Address, { votes, held, heldDelegate, stakes, stakeDelegate }: Votes): string[] {
  return table([
    ["account", account],
    ["votes with", opg(votes)],
    ["holds", `${opg(held)}: ${voter(heldDelegate, account)} votes with them`],
    ...stakes.map(({ operator, units, counted }) => [
      "at stake",
      `${opg(units)} with ${operator}: ${voter(stakeDelegate, account)} votes with ${opg(counted)} of them${counted === units ? "" : " (count them: og vote sync)"}`,
    ]),
  ]);
}
