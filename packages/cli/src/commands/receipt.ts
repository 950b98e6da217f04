import { writeFileSync } from "node:fs";
import { fetchOutputs, fetchReceipt, RemoteError } from "@opengradient/node";
import {
  claimDigest,
  claimStanding,
  decodePackage,
  describeReceipt,
  domainOf,
  type Package,
  type Quote,
  quote,
  type Reader,
  type Receipt,
  receiptToJson,
  type Summary,
  verifyReceipt,
} from "@opengradient/protocol";
import { type ChainOptions, chainOptions, connect } from "../chain/connect.ts";
import { readHistory } from "../chain/history.ts";
import { action, examples, type Register } from "../command.ts";
import { CommandError, EXIT, type ExitCode } from "../failure.ts";
import { readBytes } from "../model/load.ts";
import { numbers } from "../model/tensors.ts";
import type { Output } from "../output.ts";
import { opg, table } from "../words.ts";
import { wholeNumber } from "./devnet.ts";

type Options = ChainOptions & { wait: string; output: string };

export const receiptCommand: Register = (og) => {
  chainOptions(
    og
      .command("receipt")
      .description("Fetch the receipt and the answer of a request that was not waited for")
      .argument("<request>", "its number")
      .option("--wait <seconds>", "how long to wait for it", "0")
      .option("-o, --output <file>", "where to write it; the salted input is expected beside it", "receipt.json"),
  )
    .addHelpText("after", examples("og receipt 17", "og receipt 17 --wait 60 -o seven.json"))
    .action(
      action<[string, Options]>(async (output, number, options) => {
        const { place, reader } = await connect(options);
        const { terms } = requestOf(await readHistory(reader, place), number);
        const wait = wholeNumber("--wait", options.wait, 0, 2_592_000);
        const operator = await quote(reader, terms);
        const input = decodePackage(readBytes(inputFileOf(options.output)));
        return takeReceipt(output, reader, { requestId: BigInt(number), operator, input, file: options.output, wait });
      }),
    );
};

/** A request by its number. @throws CommandError when nobody made it */
export function requestOf({ requests }: Summary, number: string) {
  const found = requests.find(({ requestId }) => String(requestId) === number);
  if (!found) throw new CommandError(`there is no request ${number}: a number is needed, as og request prints it`);
  return found;
}

/** The salted input lies beside the receipt. */
export const inputFileOf = (receiptFile: string): string => receiptFile.replace(/(\.json)?$/, ".input");

type Asked = {
  readonly requestId: bigint;
  readonly operator: Quote;
  readonly input: Package;
  /** where the receipt goes */
  readonly file: string;
  /** seconds */
  readonly wait: number;
  /** of the request, where it was just sent */
  readonly gas?: bigint;
};

/** Waits for the receipt of a request, keeps it, checks it and tells what it says. */
export async function takeReceipt(
  output: Output,
  reader: Reader,
  { requestId, operator, input, file, wait, gas }: Asked,
): Promise<ExitCode> {
  const receipt = await waitFor(operator.endpoint, requestId, wait);
  writeFileSync(file, `${receiptToJson(receipt)}\n`);
  const { claim } = receipt;
  const digest = claimDigest(domainOf(reader), claim);
  const answer = await fetchOutputs(operator.endpoint, { digest, side: claim.output }).catch(() => undefined);
  const evidence = { signer: operator.signer, inputs: input, ...(answer ? { outputs: answer } : {}) };
  const checks = await verifyReceipt(receipt, evidence);
  const standing = await claimStanding(reader, claim);
  const values = answer?.tensors.map((tensor) => numbers(tensor));
  output.result({ requestId, digest, receipt, outputs: values, checks, gas, standing }, [
    ...table([
      ["request", String(requestId)],
      ["operator", claim.operator],
      ["fee", `${opg(claim.fee)}, covered with ${opg(claim.coverage)}`],
      ["claim", digest],
      ["receipt", file],
      ["your input", `${inputFileOf(file)} (keep it: its salt is what ties the receipt to it)`],
    ]),
    ...(values ?? []).map((list, i) => `output ${i}: ${list.slice(0, 12).join(" ")}${list.length > 12 ? " …" : ""}`),
    "",
    ...describeReceipt(receipt, standing),
  ]);
  return checks.every(({ holds }) => holds) ? EXIT.done : EXIT.no;
}

const PAUSE = 250;

/**
 * What an operator says, for which it is asked anew for so many seconds: one that is restarted, or is busy, hears it later.
 * @throws RemoteError when it did not answer once
 */
export async function heard<T>(ask: () => Promise<T>, longest: number): Promise<T> {
  for (const end = Date.now() + 1000 * longest; ; await new Promise((wake) => setTimeout(wake, PAUSE)))
    try {
      return await ask();
    } catch (error) {
      const silent = error instanceof RemoteError && error.status === undefined;
      if (!silent || Date.now() >= end) throw error;
    }
}

async function waitFor(endpoint: string, requestId: bigint, longest: number): Promise<Receipt> {
  for (const end = Date.now() + 1000 * longest; ; ) {
    const receipt = await heard(() => fetchReceipt(endpoint, requestId), (end - Date.now()) / 1000);
    if (receipt) return receipt;
    if (Date.now() >= end) break;
    await new Promise((wake) => setTimeout(wake, PAUSE));
  }
  throw new CommandError(`request ${requestId} is not answered after ${longest} s`, {
    code: EXIT.chain,
    todo: `look again with: og receipt ${requestId}; after its deadline the fee comes back with: og refund ${requestId}`,
  });
}
