import {
  type DelegationState,
  delegate,
  ensureAllowance,
  readDelegation,
  sharesFor,
  undelegate,
  withdrawDelegation,
} from "@opengradient/protocol";
import { connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { action, examples, type Register } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import { date, opg, table } from "../words.ts";
import { addressOf, opgAmount } from "./stake.ts";

type Options = SigningOptions & { thaw?: boolean; withdraw?: boolean };

/** A pool may earn or burn until the transaction is mined: up to a thousandth fewer shares are taken. */
const SLACK = 1_000n;

export const delegateCommand: Register = (og) => {
  signingOptions(
    og
      .command("delegate")
      .description("Put OPG beside an operator's stake: it earns a part of its fees, votes, and burns with its stake")
      .argument("<operator>", "the operator's address")
      .argument("[amount]", "OPG to delegate (with --thaw: to take back); without one: show how it stands")
      .option("--thaw", "take the amount back, or all: it can be withdrawn after the thaw period, and burns until then")
      .option("--withdraw", "withdraw what has thawed"),
  )
    .addHelpText(
      "after",
      examples(
        "og delegate 0xOPERATOR 1000 --account requester",
        "og delegate 0xOPERATOR 400 --thaw --account requester",
        "og delegate 0xOPERATOR --withdraw --account requester",
      ),
    )
    .action(
      action<[string, string | undefined, Options]>(async (output, operatorText, text, options) => {
        const { writer } = await connectSigning(options);
        const operator = addressOf("the operator", operatorText)!;
        const delegator = writer.wallet.account.address;
        const amount = text === undefined ? undefined : opgAmount("the amount", text);
        const before = await readDelegation(writer, { operator, delegator });
        const change = async () => {
          if (options.withdraw) return withdrawDelegation(writer, { operator });
          if (options.thaw) return undelegate(writer, { operator, shares: sharesOf(before, amount) });
          if (amount === undefined) return undefined;
          await ensureAllowance(writer, { spender: writer.addresses.delegation, amount });
          const leastShares = (sharesFor(amount, before.pool) * (SLACK - 1n)) / SLACK;
          return delegate(writer, { operator, amount, leastShares });
        };
        const done = await change();
        const state = await readDelegation(writer, { operator, delegator });
        const { cut } = state;
        const gas = done?.receipt.gasUsed;
        output.result({ operator, delegator, ...state, gas }, [
          ...table([
            ["operator", operator],
            ["delegated", `${opg(state.active)} of ${opg(state.pool.tokens)} in all`],
            ["thawing", state.thawing ? `${opg(state.thawing)} until ${date(state.thawedAt)}` : opg(0n)],
            [
              "delegators get",
              `${cut.nextBps / 100} % of what it earns${cut.bps === cut.nextBps ? "" : ` from ${date(cut.from)}`}`,
            ],
          ]),
          ...(gas === undefined ? [] : [`${gas} gas`]),
        ]);
        return EXIT.done;
      }),
    );
};

/** Shares worth an amount, rounded up so that the amount comes out; all of them without one. */
function sharesOf({ shares, active, pool }: DelegationState, amount: bigint | undefined): bigint {
  if (amount === undefined || amount === active) return shares;
  if (amount > active) throw new CommandError(`${opg(amount)} are more than the ${opg(active)} that are delegated`);
  const wanted = sharesFor(amount, pool) + 1n;
  return wanted < shares ? wanted : shares;
}
