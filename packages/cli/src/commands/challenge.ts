import { join } from "node:path";
import { type Log, type Node, parseConfig, silentLog, startNode, type Verdict, writeModel } from "@opengradient/node";
import { type Funds, type Reader, readFunds } from "@opengradient/protocol";
import type { Hex } from "viem";
import { privateKeyToAddress } from "viem/accounts";
import { DEVNET_CHAIN_ID } from "../chain/accounts.ts";
import { connect, type Place, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { digestOf, endpointOf, modelOfClaim, readClaim } from "../chain/dispute.ts";
import { keyOf } from "../chain/keys.ts";
import { action, examples, type Register } from "../command.ts";
import { interrupted } from "../ending.ts";
import { CommandError, EXIT } from "../failure.ts";
import type { Output } from "../output.ts";
import { native, opg } from "../words.ts";
import { commonConfig } from "./node.ts";

type Options = SigningOptions & { model?: string; data: string; most: string };

export const challengeCommand: Register = (og) => {
  signingOptions(
    og
      .command("challenge")
      .description("Dispute one claim to its end: buy what is withheld, prove what is false, take what is yours")
      .argument("<claim>", "a claim's digest, or a receipt; ask first what it costs: og quote CLAIM")
      .option("--model <file>", "its model (.og or .onnx; default: what its operator serves)")
      .option("--most <amount>", "native coin that demands may cost", "0.25")
      .option("--data <folder>", "what is kept until the end; the same folder goes on after a crash", ".og/challenge"),
  )
    .addHelpText("after", examples("og challenge 0xCLAIM --model digits.onnx --account challenger"))
    .action(
      action<[string, Options]>(async (output, text, options) => {
        const { place, reader } = await connect(options);
        const digest = digestOf(text);
        const key = keyOf(options, reader.chainId === DEVNET_CHAIN_ID);
        const own = privateKeyToAddress(key);
        const history = await readClaim(reader, place, digest);
        if (history.status !== "open") throw new CommandError(`the claim is ${history.status}`, { code: EXIT.no });
        const model = await modelOfClaim(history, { file: options.model, endpoint: await endpointOf(reader, history) });
        const folder = join(options.data, digest.slice(2, 18));
        writeModel(join(folder, "model"), model);
        const config = parseConfig({
          ...commonConfig({ data: folder, port: 0 }, place, [join(folder, "model")]),
          watcher: { mode: "defend", key, mostNative: options.most, only: [digest] },
        });
        const before = await readFunds(reader, own);
        const node = await startNode(config, { log: moves(output) });
        const end = await Promise.race([interrupted(), endOf({ node, reader, place, digest })]);
        await node.stop();
        if (!end)
          throw new CommandError(
            "broken off: what was paid is gone, and the bond of a proof that never comes is burnt",
            {
              code: EXIT.ended,
              todo: "go on with the same command",
            },
          );
        const after = await readFunds(reader, own);
        output.result({ digest, ...end, before, after }, [END_WORDS[end.state], balance(before, after)]);
        return end.state === "void" ? EXIT.done : EXIT.no;
      }),
    );
};

/** What a mined transaction did, by the first word of its intent. */
const DONE: Readonly<Record<string, string>> = {
  approve: "let the court take the prices and bonds of your demands and proofs",
  prove: "the court ran that element again, and got another value: proven",
  expire: "the time to answer had passed: the silence is called",
  settle: "the bond is back",
  reclaim: "the price of a demand that nobody answered is back",
  credits: "what the court owed you is paid out",
};

/** The node's log, as far as it tells of moves, in words. */
function moves(output: Output): Log {
  const tell = (kind: string, words: string) => output.event({ move: kind, words }, [`${kind}: ${words}`]);
  const info = (facts: Readonly<Record<string, unknown>>, what: string): void => {
    if (what === "demand") tell(what, `${facts["reason"]}, for ${native(BigInt(String(facts["value"])))}`);
    if (what === "commit") tell(what, String(facts["reason"]));
    if (what !== "mined" || facts["status"] !== "success") return;
    const kind = String(facts["intent"]).split(":")[0]!;
    if (DONE[kind]) tell(kind, DONE[kind]);
  };
  const warn = (facts: Readonly<Record<string, unknown>>, what: string): void =>
    tell(what, Object.values(facts).map(String).join(" "));
  return { ...silentLog, info, warn, error: warn } as Log;
}

type End = { readonly state: "void" | "final" | "right" };

type Watched = { readonly node: Node; readonly reader: Reader; readonly place: Place; readonly digest: Hex };

const PAUSE = 500;

/** When the claim is decided and everything that was sent is mined, or there is nothing to challenge. */
async function endOf({ node, reader, place, digest }: Watched): Promise<End> {
  let quiet = 0;
  for (;;) {
    await new Promise((wake) => setTimeout(wake, PAUSE));
    const verdicts = await ask<Verdict[]>(node, "verdicts");
    if (verdicts.some((verdict) => verdict.digest === digest && verdict.agree)) return { state: "right" };
    const { status } = await readClaim(reader, place, digest);
    if (status === "open") continue;
    const { outboxes } = await ask<{ outboxes: { intents: { queued?: number; sent?: number } }[] }>(node, "status");
    const busy = outboxes.some(({ intents }) => intents.queued || intents.sent);
    // What is to be taken back is asked for in the turn after the verdict.
    quiet = busy ? 0 : quiet + 1;
    if (quiet >= 3) return { state: status };
  }
}

const ask = async <T>(node: Node, path: string): Promise<T> =>
  (await fetch(`${node.url}/${path}`)).json() as Promise<T>;

const END_WORDS: Readonly<Record<End["state"], string>> = {
  void: "The claim fell.",
  final: "The claim became final before anything was proven.",
  right: "The claim is right: there is nothing to challenge.",
};

/** @param before and after, of the challenger */
function balance(before: Funds, after: Funds): string {
  const signed = (words: (value: bigint) => string, value: bigint) => `${value < 0n ? "" : "+"}${words(value)}`;
  return `You: ${signed(opg, after.opg - before.opg)}, ${signed(native, after.native - before.native)}.`;
}
