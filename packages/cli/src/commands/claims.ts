import { type HeldClaim, handClaim, type Safety, safetyOf } from "@opengradient/node";
import { act, calls, type Reader, readStake, type Writer } from "@opengradient/protocol";
import type { Hex } from "viem";
import { connect, connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { action, examples, type Register } from "../command.ts";
import { interrupted } from "../ending.ts";
import { CommandError, EXIT } from "../failure.ts";
import { hashOf } from "../model/load.ts";
import { purseOption } from "../payer/opening.ts";
import { type FilePurse, openPurse } from "../payer/purse.ts";
import { date, short } from "../words.ts";

type Options = SigningOptions & { data: string; watch?: boolean; show?: string; hand?: string };
type Kept = HeldClaim & { readonly digest: Hex };

/** Milliseconds between two looks. */
const PAUSE = 5_000;

export const claimsCommand: Register = (og) => {
  purseOption(
    signingOptions(
      og
        .command("claims")
        .description(
          "Look after the answers that you bought by voucher: fetch each one's path in a posted batch, lodge what was not posted in time, show what fell before it was shown",
        )
        .option("--watch", "go on until every answer is safe")
        .option("--show <claim>", "bring a claim out of its batch onto the chain, so that contracts can rely on it")
        .option("--hand <url>", "hand all answers to a watcher, which runs them again and challenges what is false"),
    ),
  )
    .addHelpText(
      "after",
      examples(
        "og claims",
        "og claims --watch --account requester",
        "og claims --hand http://127.0.0.1:7071",
        "og claims --show 0xCLAIM --account requester",
      ),
    )
    .action(
      action<[Options]>(async (output, options) => {
        const purse = openPurse(options.data);
        const { reader } = await connect(options);
        // A key is needed only where something is sent.
        const sending = async (): Promise<Writer> => (await connectSigning(options)).writer;
        if (options.show !== undefined) return show(output, { reader, purse, sending }, hashOf("--show", options.show));
        if (options.hand !== undefined) return hand(output, purse, options.hand);
        let ended = false;
        const end = interrupted().then(() => {
          ended = true;
        });
        for (;;) {
          const all = [];
          for (const held of purse.claims()) all.push(await lookAfter({ reader, purse, sending }, held));
          const words = all.map(({ digest, safety, sent }) => `${short(digest, 8)}  ${wordsOf(safety, sent)}`);
          output.event({ claims: all }, words.length ? words : ["No answer is kept here."]);
          const unsafe = all.filter(
            ({ safety, sent }) =>
              safety.state === "signed" || (!sent && (safety.state === "overdue" || safety.state === "fallen")),
          );
          if (!options.watch || ended || !unsafe.length)
            return unsafe.some(({ safety }) => safety.state !== "signed") ? EXIT.no : EXIT.done;
          await Promise.race([end, new Promise((wake) => setTimeout(wake, PAUSE))]);
        }
      }),
    );
};

type Hands = { readonly reader: Reader; readonly purse: FilePurse; readonly sending: () => Promise<Writer> };

async function safety(reader: Reader, held: Kept): Promise<Safety> {
  const { endpoint } = await readStake(reader, held.receipt.claim.operator);
  const { timestamp } = await reader.chain.getBlock();
  return safetyOf(reader, held, endpoint, Number(timestamp));
}

/** What a holder does for a claim: keeps its path, lodges it once its postBy has passed without one, shows what fell. */
async function lookAfter(
  { reader, purse, sending }: Hands,
  held: Kept,
): Promise<{ digest: Hex; safety: Safety; sent: boolean }> {
  const { digest, receipt } = held;
  const found = await safety(reader, held);
  if ("leaf" in found && !held.leaf) purse.keepLeaf(digest, found.leaf);
  if (found.state !== "overdue" && found.state !== "fallen") return { digest, safety: found, sent: false };
  const { claim, signature } = receipt;
  const writer = await sending().catch(() => undefined);
  if (!writer) return { digest, safety: found, sent: false };
  const { addresses } = writer;
  await act(
    writer,
    found.state === "fallen"
      ? calls.showClaim(addresses, { claim, ...found.leaf })
      : calls.lodge(addresses, { claim, signature }),
  );
  return { digest, safety: found, sent: true };
}

async function show(
  output: Parameters<Parameters<typeof action>[0]>[0],
  { reader, purse, sending }: Hands,
  digest: Hex,
): Promise<number> {
  const held = purse.claims().find((one) => one.digest === digest);
  if (!held) throw new CommandError(`claim ${digest} is not kept in ${purse.folder}`);
  const found = await safety(reader, held);
  if (found.state !== "batched") throw new CommandError(`claim ${digest} can not be shown: ${wordsOf(found, false)}`);
  const writer = await sending();
  const done = await act(writer, calls.showClaim(writer.addresses, { claim: held.receipt.claim, ...found.leaf }));
  output.result({ digest, gas: done.receipt.gasUsed }, [
    `shown with ${done.receipt.gasUsed} gas: it has a window of its own now`,
  ]);
  return EXIT.done;
}

async function hand(
  output: Parameters<Parameters<typeof action>[0]>[0],
  purse: FilePurse,
  url: string,
): Promise<number> {
  let right = true;
  for (const { digest, ...held } of purse.claims()) {
    const input = purse.input(held.receipt.claim);
    if (!input) throw new CommandError(`the input of claim ${digest} is not kept in ${purse.folder}`);
    const finding = await handClaim(url, held, input);
    right &&= finding.agree !== false;
    output.event({ ...finding }, [`${short(digest, 8)}  ${finding.agree ? "right" : "FALSE"}: ${finding.reason}`]);
  }
  return right ? EXIT.done : EXIT.no;
}

function wordsOf(found: Safety, sent: boolean): string {
  switch (found.state) {
    case "open":
      return "on chain: anyone can challenge it";
    case "final":
      return "final: nobody proved it false in time";
    case "void":
      return "void: it was proven false, the coverage was paid";
    case "fallen":
      return sent
        ? "void: shown, so that its batch's lock paid the coverage"
        : "void before it was shown: show it before its batch is released (og claims with a key does)";
    case "batched":
      return found.batch.released
        ? "its batch is released: nobody proved it false in time"
        : `posted in a batch, and its path is kept here: it can be shown and challenged until ${date(found.batch.windowEnd)}`;
    case "signed":
      return `signed; the operator has until ${date(found.until)} to post it`;
    case "overdue":
      return sent
        ? "not posted in time: lodged"
        : `not posted in time: lodge it before ${date(found.until)} (og claims with a key does)`;
    case "lapsed":
      return "neither posted nor lodged in time: nothing is behind it any more";
  }
}
