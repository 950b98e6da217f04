import { writeFileSync } from "node:fs";
import { buy, fetchModel } from "@opengradient/node";
import { charge, encodePackage, newSalt, type Package, quotes } from "@opengradient/protocol";
import type { Address } from "viem";
import { DEVNET_CHAIN_ID } from "../chain/accounts.ts";
import { connect, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { readHistory } from "../chain/history.ts";
import { accountOf } from "../chain/keys.ts";
import { action, collect, examples, type Register } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import { modelRootOf } from "../model/load.ts";
import { numbered, readInputs } from "../model/tensors.ts";
import { purseOption } from "../payer/opening.ts";
import { openPurse } from "../payer/purse.ts";
import { termsOf } from "../payer/terms.ts";
import { amount, opg } from "../words.ts";
import { inputFileOf, takeReceipt } from "./receipt.ts";
import { tierOf } from "./request.ts";
import { opgAmount } from "./stake.ts";

type Options = SigningOptions & {
  data: string;
  input?: string[];
  operator?: string;
  fee?: string;
  unit?: string;
  price?: string;
  coverage: string;
  tier?: string;
  output: string;
};

/** Seconds for a receipt that is there already. */
const AT_ONCE = 5;

const same = (a: Address, b: Address): boolean => a.toLowerCase() === b.toLowerCase();

export const askCommand: Register = (og) => {
  purseOption(
    signingOptions(
      og
        .command("ask")
        .description("Ask over a channel that you opened: paid by a voucher, without a transaction, answered at once")
        .argument("<model>", "the model's root, or its file (.og or .onnx)")
        .option("--input <[name=]file>", "a tensor: .json, .pb (ONNX tensor) or raw little-endian bytes", collect)
        .option("--operator <address>", "whom to ask (default: the cheapest that you have a channel with)")
        .option("--fee <amount>", "OPG, or in the unit (default: what the operator asks)")
        .option("--unit <name>", "count the fee in another unit, as USD, at --price")
        .option("--price <amount>", "OPG that you pay for one unit: you sign it with each voucher")
        .option("--coverage <amount>", "OPG that you get if the answer is false", "100")
        .option("--tier <hash>", "hash of the clocks and fee split (default: the Market's first)")
        .option("-o, --output <file>", "where to write the receipt; the salted input goes beside it", "receipt.json"),
    ),
  )
    .addHelpText(
      "after",
      examples(
        "og channel open 0xOPERATOR 50 --session --account requester",
        "og ask 0xMODEL --input seven.json",
        "og ask 0xMODEL --input seven.json --unit USD --price 0.8",
        "og claims",
      ),
    )
    .action(
      action<[string, Options]>(async (output, model, options) => {
        const { reader, place } = await connect(options);
        const modelRoot = modelRootOf(model);
        const coverage = opgAmount("--coverage", options.coverage);
        const purse = openPurse(options.data);
        const history = await readHistory(reader, place);
        const channels = purse.channels();
        if (!channels.length)
          throw new CommandError("you have no channel", { todo: "open one with: og channel open OPERATOR AMOUNT" });
        const operators = (history.offering.get(modelRoot) ?? []).filter((one) =>
          channels.some(({ operator }) => same(operator, one)),
        );
        const wanted = { ...options, modelRoot, coverage };
        const { chosen, fee, counted } = await termsOf(await quotes(reader, { operators, modelRoot }), wanted);
        const parties = channels.find(({ operator }) => same(operator, chosen.operator))!;
        const signer = purse.session(parties.signer) ?? accountOf(options, reader.chainId === DEVNET_CHAIN_ID);
        if (!same(signer.address, parties.signer))
          throw new CommandError(`${parties.signer} signs the channel's vouchers, the key is ${signer.address}'s`);
        const served = await fetchModel(chosen.endpoint, modelRoot);
        if (!served)
          throw new CommandError(`${chosen.endpoint} does not serve model ${modelRoot}`, { code: EXIT.chain });
        const input: Package = { salt: newSalt(), tensors: readInputs(numbered(served.program), options.input ?? []) };
        writeFileSync(inputFileOf(options.output), encodePackage(input));
        const parameters = tierOf(history, options.tier);
        const terms = { operator: chosen, parties, modelRoot, parameters, counted, fee, coverage, input, signer };
        if (counted) {
          const [inUnit, price] = [amount(fee, 18), opg(counted.price)];
          output.say(`You sign ${inUnit} ${options.unit} at ${price} for one: ${opg(charge(fee, counted.price))}.`, "");
        }
        output.progress(`asking ${chosen.endpoint} …`);
        const { requestId } = (await buy(reader, purse, terms)).receipt.claim;
        const asked = { requestId, operator: chosen, input, file: options.output, wait: AT_ONCE };
        return takeReceipt(output, reader, asked);
      }),
    );
};
