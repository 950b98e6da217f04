import { toHex } from "@opengradient/commitments";
import { compile, load } from "@opengradient/engine";
import { fetchOutputs } from "@opengradient/node";
import { type Tensor, tensorsRoot } from "@opengradient/program";
import {
  type Check,
  claimDigest,
  claimStanding,
  decodePackage,
  describeReceipt,
  outputSide,
  type Package,
  quote,
  type Receipt,
  receiptFromJson,
  verifyReceipt,
} from "@opengradient/protocol";
import { type ChainOptions, chainOptions, connect } from "../chain/connect.ts";
import { action, examples, type Register } from "../command.ts";
import { CommandError, EXIT } from "../failure.ts";
import { loadModel, readBytes } from "../model/load.ts";

type Options = ChainOptions & { input?: string; model?: string; offline?: boolean };

export const verifyCommand: Register = (og) => {
  chainOptions(
    og
      .command("verify")
      .description("Check a receipt: the signature, your input, what the chain says, and by running the model again")
      .argument("<receipt.json>")
      .option("--input <file>", "the salted input that og request wrote beside the receipt")
      .option("--model <file>", "run this model (.og or .onnx) again on the input and compare")
      .option("--offline", "ask no chain"),
  )
    .addHelpText(
      "after",
      examples("og verify receipt.json", "og verify receipt.json --input receipt.input --model digits.og"),
    )
    .action(
      action<[string, Options]>(async (output, path, options) => {
        const receipt = receiptFromJson(new TextDecoder().decode(readBytes(path)));
        const { claim } = receipt;
        const inputs = options.input === undefined ? undefined : decodePackage(readBytes(options.input));
        const on = options.offline ? undefined : await onChain(receipt, options);
        const outputs = on && (await served(on.endpoint, receipt));
        const evidence = {
          ...(on ? { signer: on.signer } : {}),
          ...(inputs ? { inputs } : {}),
          ...(outputs ? { outputs } : {}),
        };
        const checks: Check[] = [...(await verifyReceipt(receipt, evidence))];
        if (options.model !== undefined) checks.push(await runAgain(receipt, options.model, inputs));
        const holds = checks.every((check) => check.holds);
        output.result({ digest: claimDigest(receipt, claim), holds, checks, standing: on?.standing }, [
          ...checks.map(
            ({ holds: good, words }) => `${good ? output.paint("green", "✓") : output.paint("red", "✗")} ${words}`,
          ),
          "",
          ...describeReceipt(receipt, on?.standing),
        ]);
        return holds ? EXIT.done : EXIT.no;
      }),
    );
};

async function onChain(receipt: Receipt, options: ChainOptions) {
  const { reader } = await connect(options);
  const { claim } = receipt;
  if (reader.chainId !== receipt.chainId || reader.addresses.market.toLowerCase() !== receipt.market.toLowerCase())
    throw new CommandError(
      `the receipt counts on chain ${receipt.chainId}, Market ${receipt.market}; this is chain ${reader.chainId}, Market ${reader.addresses.market}`,
      { todo: "give its own chain with --rpc and --deployment, or --offline" },
    );
  const [standing, { signer, endpoint }] = await Promise.all([
    claimStanding(reader, claim),
    quote(reader, { operator: claim.operator, modelRoot: claim.modelRoot }),
  ]);
  return { standing, signer, endpoint };
}

const served = (endpoint: string, receipt: Receipt): Promise<Package | undefined> =>
  fetchOutputs(endpoint, { digest: claimDigest(receipt, receipt.claim), side: receipt.claim.output }).catch(
    () => undefined,
  );

/** The strongest check that needs nobody: this model on this input gives this output. */
async function runAgain({ claim }: Receipt, path: string, inputs: Package | undefined): Promise<Check> {
  if (!inputs) throw new CommandError("--model needs the input too", { todo: "give it with --input FILE" });
  const { program, weights, roots } = loadModel(path);
  if (roots.modelRoot !== claim.modelRoot)
    return {
      name: "model",
      holds: false,
      words: `${path} is model ${roots.modelRoot}, the claim names ${claim.modelRoot}`,
    };
  const engine = await load(await compile(program), weights);
  const outputs: readonly Tensor[] = engine.run(inputs.tensors);
  const holds = outputSide(inputs.salt, toHex(tensorsRoot(outputs))) === claim.output.toLowerCase();
  const words = holds
    ? "run again here, the model gives exactly this answer"
    : "run again here, the model gives another answer";
  return { name: "rerun", holds, words };
}
