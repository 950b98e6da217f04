import { writeFileSync } from "node:fs";
import { fetchModel, fetchOutputs, fetchReceipt, uploadInput } from "@opengradient/node";
import {
  BUILT_LEVELS,
  claimDigest,
  claimStanding,
  describeReceipt,
  devnetParameters,
  domainOf,
  encodePackage,
  ensureAllowance,
  findOperators,
  newSalt,
  type Package,
  packageInput,
  parametersHash,
  type Quote,
  type Receipt,
  receiptToJson,
  request,
  verifyReceipt,
} from "@opengradient/protocol";
import { connectSigning, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { action, collect, examples, type Register } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import { numbered, numbers, readInputs } from "../model/tensors.ts";
import { bytes, opg, table } from "../words.ts";
import { wholeNumber } from "./devnet.ts";
import { addressOf, hashOf, opgAmount } from "./stake.ts";

type Options = SigningOptions & {
  input?: string[];
  operator?: string;
  fee?: string;
  coverage: string;
  tier?: string;
  deadline: string;
  output: string;
};

export const requestCommand: Register = (og) => {
  signingOptions(
    og
      .command("request")
      .description("Pay an operator for an answer, and keep the signed receipt")
      .argument("<model>", "the model's root")
      .option("--input <[name=]file>", "a tensor: .json, .pb (ONNX tensor) or raw little-endian bytes", collect)
      .option("--operator <address>", "whom to ask (default: the cheapest that covers it)")
      .option("--fee <amount>", "OPG (default: what the operator asks)")
      .option("--coverage <amount>", "OPG that you get if the answer is false", "100")
      .option("--tier <hash>", "hash of the clocks and fee split (default: the devnet's)")
      .option("--deadline <seconds>", "how long the operator has to answer", "3600")
      .option("-o, --output <file>", "where to write the receipt; the salted input goes beside it", "receipt.json"),
  )
    .addHelpText("after", examples("og request 0xMODEL --input seven.json --account requester"))
    .action(
      action<[string, Options]>(async (output, model, options) => {
        const { writer, place } = await connectSigning(options);
        const modelRoot = hashOf("the model", model);
        const coverage = opgAmount("--coverage", options.coverage);
        const quotes = await findOperators(writer, modelRoot, BigInt(place.deployment.block));
        const chosen = choose(quotes, { ...options, coverage });
        const found = await fetchModel(chosen.endpoint, modelRoot, (file, loaded, total) =>
          output.progress(`${file} from ${chosen.endpoint}: ${bytes(loaded)}${total ? ` of ${bytes(total)}` : ""} …`),
        );
        if (!found)
          throw new CommandError(`${chosen.endpoint} does not serve model ${modelRoot}`, { code: EXIT.chain });
        const salt = newSalt();
        const input: Package = { salt, tensors: readInputs(numbered(found.program), options.input ?? []) };
        const fee = options.fee === undefined ? chosen.fee : opgAmount("--fee", options.fee);
        const { timestamp } = await writer.chain.getBlock();
        await ensureAllowance(writer, { spender: writer.addresses.market, amount: fee });
        const terms = {
          modelRoot,
          input: packageInput(input),
          operator: chosen.operator,
          fee,
          coverage,
          level: BUILT_LEVELS,
          parameters: options.tier ? hashOf("--tier", options.tier) : parametersHash(devnetParameters),
          deadline: timestamp + BigInt(wholeNumber("--deadline", options.deadline, 1, 2_592_000)),
        };
        const { result: requestId, receipt: mined } = await request(writer, terms);
        output.progress(`request ${requestId}: handing the input to ${chosen.endpoint} …`);
        await uploadInput(chosen.endpoint, input);
        const receipt = await waitFor(chosen.endpoint, requestId, Number(options.deadline));
        const digest = claimDigest(domainOf(writer), receipt.claim);
        const answer = await fetchOutputs(chosen.endpoint, { digest, side: receipt.claim.output }).catch(
          () => undefined,
        );
        writeFileSync(options.output, `${receiptToJson(receipt)}\n`);
        const inputFile = options.output.replace(/(\.json)?$/, ".input");
        writeFileSync(inputFile, encodePackage(input));
        const evidence = { signer: chosen.signer, inputs: input, ...(answer ? { outputs: answer } : {}) };
        const checks = await verifyReceipt(receipt, evidence);
        const standing = await claimStanding(writer, receipt.claim);
        const values = answer?.tensors.map((tensor) => numbers(tensor));
        output.result({ requestId, digest, receipt, outputs: values, checks, gas: mined.gasUsed, standing }, [
          ...table([
            ["operator", chosen.operator],
            ["fee", `${opg(fee)}, covered with ${opg(coverage)}`],
            ["receipt", options.output],
            ["your input", `${inputFile} (keep it: its salt is what ties the receipt to it)`],
          ]),
          ...(values ?? []).map(
            (list, i) => `output ${i}: ${list.slice(0, 12).join(" ")}${list.length > 12 ? " …" : ""}`,
          ),
          "",
          ...describeReceipt(receipt, standing),
        ]);
        return checks.every(({ holds }) => holds) ? EXIT.done : EXIT.no;
      }),
    );
};

type Wanted = { readonly operator?: string; readonly coverage: bigint };

function choose(quotes: readonly Quote[], { operator, coverage }: Wanted): Quote {
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

async function waitFor(endpoint: string, requestId: bigint, longest: number): Promise<Receipt> {
  for (const end = Date.now() + 1000 * longest; Date.now() < end; ) {
    const receipt = await fetchReceipt(endpoint, requestId);
    if (receipt) return receipt;
    await new Promise((wake) => setTimeout(wake, 250));
  }
  throw new CommandError(`request ${requestId} was not answered in ${longest} s`, {
    code: EXIT.chain,
    todo: "after the deadline the fee can be taken back: anyone may call refund",
  });
}
