import type { Price } from "@opengradient/dispute";
import { quoteOf } from "@opengradient/node/client";
import { type Reader, readStake, waterfall } from "@opengradient/protocol";
import { type ChainOptions, chainOptions, connect } from "../chain/connect.ts";
import { digestOf, type Examined, endpointOf, examine, modelOfClaim, readClaim } from "../chain/dispute.ts";
import { action, examples, type Register } from "../command.ts";
import { EXIT } from "../failure.ts";
import { date, native, opg, seconds, table } from "../words.ts";

type Options = ChainOptions & { model?: string };

export const quoteCommand: Register = (og) => {
  chainOptions(
    og
      .command("quote")
      .description("Run a claim again, and say what a challenge of it costs and brings; needs no key and sends nothing")
      .argument("<claim>", "a claim's digest, or a receipt")
      .option("--model <file>", "its model (.og or .onnx; default: what its operator serves)"),
  )
    .addHelpText("after", examples("og quote 0xCLAIM --model digits.onnx", "og quote receipt.json"))
    .action(
      action<[string, Options]>(async (output, text, options) => {
        const { place, reader } = await connect(options);
        const history = await readClaim(reader, place, digestOf(text));
        const endpoint = await endpointOf(reader, history);
        const model = await modelOfClaim(history, { file: options.model, endpoint });
        const found = await examine(reader, history, { model, endpoint });
        const { claim, digest, status } = history;
        const [act] = found.acts;
        const open = act?.kind !== "none";
        const terms = open ? await termsOf(reader, found, claim) : undefined;
        output.result({ digest, claim, status, next: act?.kind, reason: act?.reason, terms }, [
          `claim ${digest} is ${status}; ${act?.reason}`,
          ...(terms ? ["", ...termLines(terms)] : []),
        ]);
        return open ? EXIT.no : EXIT.done;
      }),
    );
};

type Terms = Awaited<ReturnType<typeof termsOf>>;

async function termsOf(
  reader: Reader,
  { held, view, acts }: Examined,
  claim: { operator: `0x${string}`; coverage: bigint },
) {
  const [gasPrice, { bondLeft }] = await Promise.all([reader.chain.getGasPrice(), readStake(reader, claim.operator)]);
  const quote = quoteOf({ view: { ...view, own: held.own }, acts, gasPrice });
  const { windowEnd, answer, grace } = view.clocks;
  return { quote, bond: view.prices.commit.opg, shares: waterfall(claim.coverage, bondLeft), windowEnd, answer, grace };
}

const price = ({ native: coin, opg: tokens }: Price): string =>
  [...(tokens ? [opg(tokens)] : []), native(coin)].join(" and ");

function termLines({ quote, bond, shares, windowEnd, answer, grace }: Terms): string[] {
  const costs = quote.demands
    ? [
        [
          "first",
          `${quote.demands} demand(s) for data that is not served: ${price(quote.next)}; answered within ${seconds(answer)}, or it falls`,
        ],
        ["if it is silent", `about ${price(quote.silent)} of gas; the prices come back`],
        ["if it answers", `about ${price(quote.likely)} in all, at most about ${price(quote.most)}`],
      ]
    : [["a proof", `about ${price(quote.likely)} of gas in two transactions; nothing has to be bought`]];
  return table([
    ...costs,
    ["bond", `${opg(bond)}, given back with the proof; burnt when none comes within ${seconds(grace)}`],
    [
      "if it falls",
      `${opg(shares.challenger)} for you, ${opg(shares.victim)} for the requester, ${opg(shares.burn)} burnt`,
    ],
    ["begin before", date(windowEnd)],
  ]);
}
