import { writeFileSync } from "node:fs";
import { fetchModel, uploadInput } from "@opengradient/node";
import {
  BUILT_LEVELS,
  encodePackage,
  ensureAllowance,
  newSalt,
  type Package,
  packageInput,
  type Quote,
  quotes,
  request,
  type Summary,
} from "@opengradient/protocol";
import type { Hex } from "viem";
import { connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { readHistory } from "../chain/history.ts";
import { action, collect, examples, type Register } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import { hashOf, modelRootOf } from "../model/load.ts";
import { numbered, readInputs } from "../model/tensors.ts";
import { bytes, opg } from "../words.ts";
import { wholeNumber } from "./devnet.ts";
import { heard, inputFileOf, takeReceipt } from "./receipt.ts";
import { addressOf, opgAmount } from "./stake.ts";

type Options = SigningOptions & {
  input?: string[];
  operator?: string;
  fee?: string;
  coverage: string;
  tier?: string;
  deadline: string;
  wait?: string;
  output: string;
};

/** Seconds for which the input of what is paid is handed to an operator that does not answer. */
const UPLOAD = 60;

export const requestCommand: Register = (og) => {
  signingOptions(
    og
      .command("request")
      .description("Pay an operator for an answer, and keep the signed receipt")
      .argument("<model>", "the model's root, or its file (.og or .onnx)")
      .option("--input <[name=]file>", "a tensor: .json, .pb (ONNX tensor) or raw little-endian bytes", collect)
      .option("--operator <address>", "whom to ask (default: the cheapest that covers it)")
      .option("--fee <amount>", "OPG (default: what the operator asks)")
      .option("--coverage <amount>", "OPG that you get if the answer is false", "100")
      .option("--tier <hash>", "hash of the clocks and fee split (default: the Market's first)")
      .option("--deadline <seconds>", "how long the operator has to answer", "3600")
      .option(
        "--wait <seconds>",
        "how long to wait for the answer here, 0 for not at all (default: until the deadline)",
      )
      .option("-o, --output <file>", "where to write the receipt; the salted input goes beside it", "receipt.json"),
  )
    .addHelpText("after", examples("og request 0xMODEL --input seven.json --account requester"))
    .action(
      action<[string, Options]>(async (output, model, options) => {
        const { writer, place } = await connectSigning(options);
        const modelRoot = modelRootOf(model);
        const coverage = opgAmount("--coverage", options.coverage);
        const seconds = wholeNumber("--deadline", options.deadline, 1, 2_592_000);
        const wait = options.wait === undefined ? seconds : wholeNumber("--wait", options.wait, 0, seconds);
        const history = await readHistory(writer, place);
        const found = await quotes(writer, { operators: history.offering.get(modelRoot) ?? [], modelRoot });
        const chosen = choose(found, { ...options, coverage });
        const served = await fetchModel(chosen.endpoint, modelRoot, (file, loaded, total) =>
          output.progress(`${file} from ${chosen.endpoint}: ${bytes(loaded)}${total ? ` of ${bytes(total)}` : ""} …`),
        );
        if (!served)
          throw new CommandError(`${chosen.endpoint} does not serve model ${modelRoot}`, { code: EXIT.chain });
        const input: Package = { salt: newSalt(), tensors: readInputs(numbered(served.program), options.input ?? []) };
        // Before anything is paid: without its salt nobody can show what was asked.
        writeFileSync(inputFileOf(options.output), encodePackage(input));
        const fee = options.fee === undefined ? chosen.fee : opgAmount("--fee", options.fee);
        await ensureAllowance(writer, { spender: writer.addresses.market, amount: fee });
        const { timestamp } = await writer.chain.getBlock();
        const { result: requestId, receipt: mined } = await request(writer, {
          modelRoot,
          input: packageInput(input),
          operator: chosen.operator,
          fee,
          coverage,
          level: BUILT_LEVELS,
          parameters: tierOf(history, options.tier),
          deadline: timestamp + BigInt(seconds),
        });
        output.progress(`request ${requestId}: handing the input to ${chosen.endpoint} …`);
        await heard(() => uploadInput(chosen.endpoint, input), UPLOAD);
        if (wait === 0) {
          output.result({ requestId, gas: mined.gasUsed }, [
            `Request ${requestId} is made; take its answer with: og receipt ${requestId} -o ${options.output}`,
          ]);
          return EXIT.done;
        }
        const asked = { requestId, operator: chosen, input, file: options.output, wait };
        return await takeReceipt(output, writer, { ...asked, gas: mined.gasUsed });
      }),
    );
};

export function tierOf({ tiers }: Summary, given: string | undefined): Hex {
  if (given !== undefined) return hashOf("--tier", given);
  const [first] = tiers;
  if (!first) throw new CommandError("this Market has no tier", { code: EXIT.chain });
  return first.hash;
}

type Wanted = { readonly operator?: string; readonly coverage: bigint };

export function choose(quotes: readonly Quote[], { operator, coverage }: Wanted): Quote {
  const wanted = addressOf("--operator", operator)?.toLowerCase();
  const named = quotes.filter((quote) => wanted === undefined || quote.operator.toLowerCase() === wanted);
  const able = named.find((quote) => quote.refusal === undefined && quote.maxCoverage >= coverage);
  if (able) return able;
  if (named.length === 0)
    throw new CommandError(`nobody ${wanted ? "of that address " : ""}offers this model`, {
      todo: "operators offer a model with: og stake --offer MODEL=FEE,COVERAGE",
    });
  const why = named.map(
    ({ operator: who, refusal, maxCoverage }) => `${who}: ${refusal ?? `covers ${opg(maxCoverage)}`}`,
  );
  throw new CommandError(`no operator can answer with ${opg(coverage)} of coverage now (${why.join("; ")})`, {
    todo: "ask for less coverage, or later",
  });
}
