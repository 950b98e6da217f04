import { fetchOutputs } from "@opengradient/node";
import {
  type ClaimEntry,
  deliver,
  deliverRefund,
  deliverVoid,
  quote,
  resultOf,
  type Writer,
} from "@opengradient/protocol";
import { connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { readHistory } from "../chain/history.ts";
import { action, examples, type Register } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import { wholeNumber } from "./devnet.ts";
import { requestOf } from "./receipt.ts";

type Options = SigningOptions & { wait: string };

export const deliverCommand: Register = (og) => {
  signingOptions(
    og
      .command("deliver")
      .description("Bring a contract what became of its request: the result, that it fell, or that nobody answered")
      .argument("<request>", "its number")
      .option("--wait <seconds>", "how long to wait for an answer", "0"),
  )
    .addHelpText("after", examples("og deliver 17 --account requester", "og deliver 17 --wait 60 --account requester"))
    .action(
      action<[string, Options]>(async (output, number, options) => {
        const { writer, place } = await connectSigning(options);
        const end = Date.now() + 1000 * wholeNumber("--wait", options.wait, 0, 2_592_000);
        for (;;) {
          const history = await readHistory(writer, place);
          const { requestId, requester, state, claim } = requestOf(history, number);
          if (state !== "waiting") {
            const entry = history.claims.find(({ id }) => id === claim);
            const { what, done } = await tell(writer, requestId, entry);
            output.result({ requestId, requester, what, taken: done.result, gas: done.receipt.gasUsed }, [
              done.result
                ? `${what} of ${requester} was called.`
                : `${what} of ${requester} failed: it can be called again.`,
            ]);
            return done.result ? EXIT.done : EXIT.no;
          }
          if (Date.now() >= end)
            throw new CommandError(`request ${number} is not answered yet`, {
              code: EXIT.no,
              todo: `wait for it with --wait SECONDS; after its deadline: og refund ${number}, and this again`,
            });
          await new Promise((wake) => setTimeout(wake, 250));
        }
      }),
    );
};

/** Calls back by how the answer stands; without a claim the request was refunded. */
async function tell(writer: Writer, requestId: bigint, entry: ClaimEntry | undefined) {
  if (!entry) return { what: "onFailed", done: await deliverRefund(writer, { requestId }) };
  const { claim, id, state } = entry;
  if (state === "void") return { what: "onRevoked or onFailed", done: await deliverVoid(writer, { claim }) };
  const { endpoint } = await quote(writer, claim);
  const outputs = await fetchOutputs(endpoint, { digest: id, side: claim.output });
  if (!outputs)
    throw new CommandError(`${endpoint} does not serve the outputs of claim ${id}`, {
      code: EXIT.chain,
      todo: "whoever ran the model has them; anyone who demands them on chain gets them",
    });
  return { what: "onResult", done: await deliver(writer, { claim, result: resultOf(outputs) }) };
}
