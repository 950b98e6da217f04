import {
  type Done,
  guardianBeat,
  isPaused,
  type NewWork,
  pauseNewWork,
  type Reader,
  readNewWork,
  resumeNewWork,
} from "@opengradient/protocol";
import { type Address, isAddressEqual, zeroAddress } from "viem";
import {
  type ChainOptions,
  chainOptions,
  connect,
  connectSigning,
  type SigningOptions,
  signingOptions,
} from "../chain/connect.ts";
import { action, examples, type Register } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import { date, dateFrom, table } from "../words.ts";

type Act = (writer: Awaited<ReturnType<typeof connectSigning>>["writer"], none: Record<never, never>) => Promise<Done>;

export const guardianCommand: Register = (og) => {
  const guardian = og
    .command("guardian")
    .description("Whether new work is paused, until when and by whom; and what the guardian can do about it")
    .addHelpText("after", examples("og guardian status", "og guardian beat --keystore guardian.json"));

  chainOptions(
    guardian.command("status").description("Pauses, closed tiers and the guardian as they stand; needs no key"),
  )
    .addHelpText("after", examples("og guardian status"))
    .action(
      action<[ChainOptions]>(async (output, options) => {
        const { place, reader } = await connect(options);
        const state = await readNewWork(reader, BigInt(place.deployment.block));
        output.result({ paused: isPaused(state), ...state }, stateLines(reader, state));
      }),
    );

  const own = (
    name: string,
    words: string,
    act: Act,
    refusal: (state: NewWork) => string | undefined = () => undefined,
  ) =>
    signingOptions(guardian.command(name).description(words))
      .addHelpText("after", examples(`og guardian ${name} --account guardian`))
      .action(
        action<[SigningOptions]>(async (output, options) => {
          const { place, writer } = await connectSigning(options);
          const block = BigInt(place.deployment.block);
          const before = await readNewWork(writer, block);
          const why = notGuardian(before, writer.wallet.account.address) ?? lapsed(before) ?? refusal(before);
          if (why)
            throw new CommandError(why, { code: EXIT.chain, todo: "see how it stands with: og guardian status" });
          const { receipt } = await act(writer, {});
          const state = await readNewWork(writer, block);
          output.result({ paused: isPaused(state), ...state, gas: receipt.gasUsed }, [
            ...stateLines(writer, state),
            `${receipt.gasUsed} gas`,
          ]);
        }),
      );
  own("beat", "Show that you are there: your power lasts 30 days from now on", guardianBeat);
  own(
    "pause",
    "No new work for 14 days; what was begun goes on, signed batches for a day; once, until a vote names you again",
    pauseNewWork,
    spent,
  );
  own("resume", "End a pause before its time", resumeNewWork, (state) =>
    isPaused(state) ? undefined : "new work is not paused",
  );
};

const AGAIN = "only a vote names a guardian (og vote propose guardian ADDRESS)";

const notGuardian = ({ guardian }: NewWork, account: Address): string | undefined =>
  isAddressEqual(guardian.account, account)
    ? undefined
    : `${account} is not the guardian: ${guardian.account === zeroAddress ? "there is none" : `that is ${guardian.account}`}`;

const lapsed = ({ guardian, now }: NewWork): string | undefined =>
  now > guardian.aliveUntil ? `the guardian gave no beat before ${date(guardian.aliveUntil)}: ${AGAIN}` : undefined;

function spent({ guardian, now, nextPause }: NewWork): string | undefined {
  if (guardian.spent) return `the guardian has paused once: ${AGAIN}`;
  return now < nextPause ? `the next pause begins at ${dateFrom(nextPause, now)} at the earliest` : undefined;
}

function stateLines({ addresses }: Reader, state: NewWork): string[] {
  const { now, pause, nextPause, closed, batchGrace } = state;
  const who = (by: Address) => (isAddressEqual(by, addresses.timelock) ? "a vote" : `guardian ${by}`);
  const paused = pause && isPaused(state);
  return table([
    ["new work", paused ? `is paused by ${who(pause.by)} until ${dateFrom(pause.until, now)}` : "goes on"],
    ...(paused ? [["signed before", `batches of it are taken until ${dateFrom(pause.from + batchGrace, now)}`]] : []),
    ...(pause && !paused
      ? [
          [
            "last pause",
            `${date(pause.from)} to ${date(pause.until)}, by ${who(pause.by)}${pause.resumedBy ? `, ended by ${who(pause.resumedBy)}` : ""}`,
          ],
        ]
      : []),
    ["next pause", nextPause > now ? `from ${dateFrom(nextPause, now)} on, whoever asks for it` : "at any time"],
    ["guardian", guardianWords(state)],
    ...closed.map(({ tier, at }) => ["closed tier", `${tier} takes no new work since ${date(at)}: a vote moved it`]),
  ]);
}

function guardianWords({ guardian: { account, aliveUntil, spent: hasPaused }, now }: NewWork): string {
  if (account === zeroAddress) return "none";
  if (now > aliveUntil) return `${account}: lapsed at ${date(aliveUntil)}, for want of a beat`;
  return `${account}: ${hasPaused ? "has paused once, and can resume" : "can pause once"}; lapses ${dateFrom(aliveUntil, now)} without a beat`;
}
