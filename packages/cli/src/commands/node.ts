import { mkdirSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { stakingAbi } from "@opengradient/bindings";
import { jsonLog, modelOf, type NodeConfigInput, parseConfig, startNode, writeModel } from "@opengradient/node";
import { formatEther } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { DEVNET_CHAIN_ID } from "../chain/accounts.ts";
import { connect, type Place, type SigningOptions, signingOptions } from "../chain/connect.ts";
import { keyOf } from "../chain/keys.ts";
import { action, collect, examples, type Register } from "../command.ts";
import { interrupted } from "../ending.ts";
import { CommandError } from "../failure.ts";
import { loadModel, modelRootOf } from "../model/load.ts";
import { wholeNumber } from "./devnet.ts";
import { addressOf, opgAmount } from "./stake.ts";

type Options = SigningOptions & {
  model?: string[];
  data: string;
  port: string;
  owner?: string;
  most: string;
  postOpened?: boolean;
} & Pooled;

type Pooled = { batchSize: string; batchSeconds?: string; redeemAt: string; sell?: string[] };

const ROLES = ["operator", "watcher"] as const;

export const nodeCommand: Register = (og) => {
  signingOptions(
    og
      .command("node")
      .description("Run a node: answer requests as an operator, or watch all answers and dispute what is false")
      .argument("<role>", ROLES.join(" or "))
      .option("--model <file>", "a model (.og, .onnx, or a node's model folder); may be given several times", collect)
      .option("--data <folder>", "the node's own state; never restore an older copy of it", ".og/node")
      .option("--port <port>", "where it serves", "7070")
      .option("--owner <address>", "operator: the cold address that staked (default: the key's own)")
      .option("--most <amount>", "watcher: native coin that the demands of one claim may cost", "0.25")
      .option("--post-opened", "operator: post answers with their trace root, which saves challengers a demand")
      .option("--batch-size <n>", "operator: answers that vouchers bought, in one batch at most", "256")
      .option("--batch-seconds <n>", "operator: how long the first of them waits for it (default: 600, on a devnet 15)")
      .option("--redeem-at <amount>", "operator: OPG of vouchers that are worth a transaction", "100")
      .option(
        "--sell <model=fee,unit,price>",
        "operator: take fees by voucher in another unit too: the fee, its unit, and OPG for one unit at least",
        collect,
      ),
  )
    .addHelpText(
      "after",
      examples(
        "og node operator --model digits.onnx --account operator",
        "og node operator --model digits.onnx --sell digits.onnx=0.1,USD,0.8 --account operator",
        "og node watcher --model digits.onnx --account challenger",
      ),
    )
    .action(
      action<[string, Options]>(async (output, role, options) => {
        if (role !== "operator" && role !== "watcher") throw new CommandError(`${role}: ${ROLES.join(" or ")}`);
        const { place, reader } = await connect(options);
        const key = keyOf(options, reader.chainId === DEVNET_CHAIN_ID);
        const own = privateKeyToAccount(key).address;
        const owner = addressOf("--owner", options.owner) ?? own;
        const roles =
          role === "operator"
            ? { operator: { owner, key, postOpened: options.postOpened ?? false, ...pooled(options, reader.chainId) } }
            : { watcher: { mode: "defend" as const, key, mostNative: options.most } };
        if (role === "operator") {
          const args = [owner] as const;
          const at = { address: reader.addresses.staking, abi: stakingAbi, functionName: "signerOf", args } as const;
          const signer = await reader.chain.readContract(at);
          if (signer.toLowerCase() !== own.toLowerCase())
            throw new CommandError(`${own} is not the signer of operator ${owner} (that is ${signer})`, {
              todo: "register first: og stake AMOUNT --endpoint URL --offer MODEL=FEE,COVERAGE",
            });
        }
        const node = await startNode(parseConfig({ ...configOf(options, place), ...roles }), { log: jsonLog() });
        output.event({ role, owner, url: node.url }, [`${role} ${owner} serves at ${node.url}; Ctrl-C ends it`]);
        await interrupted();
        await node.stop();
      }),
    );
};

/** When an operator sends what it gathers. */
function pooled({ batchSize, batchSeconds, redeemAt, sell = [] }: Pooled, chainId: number) {
  const wait = batchSeconds ?? (chainId === DEVNET_CHAIN_ID ? "15" : "600");
  return {
    batch: {
      size: wholeNumber("--batch-size", batchSize, 1, 65_536),
      seconds: wholeNumber("--batch-seconds", wait, 0, 21_600),
    },
    redeem: { least: formatEther(opgAmount("--redeem-at", redeemAt)) },
    prices: sell.map(parseSale),
  };
}

function parseSale(text: string) {
  const [model, terms] = text.split("=");
  const [fee, unit, least] = (terms ?? "").split(",");
  if (!model || !fee || !unit || !least)
    throw new CommandError(`--sell ${text}: write MODEL=FEE,UNIT,PRICE, as digits.onnx=0.1,USD,0.8`);
  const [inUnit, price] = [opgAmount("--sell, fee", fee), opgAmount("--sell, price", least)];
  return { model: modelRootOf(model), unit, fee: formatEther(inUnit), least: formatEther(price) };
}

/** The part of a node's configuration that all roles share; models become folders of the node's own. */
export function configOf(options: Pick<Options, "model" | "data" | "port">, place: Place): NodeConfigInput {
  const { model = [], data } = options;
  if (model.length === 0)
    throw new CommandError("a node needs at least one model", { todo: "give it with --model FILE" });
  const models = model.map((path) => {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() && readdirSync(path).includes("model.json"))
      return path;
    const { program, weights, roots } = loadModel(path);
    const folder = join(data, "models", roots.modelRoot.slice(2, 18));
    mkdirSync(folder, { recursive: true });
    const { sourceHash, compilerHash } = roots;
    writeModel(
      folder,
      modelOf({ name: basename(path).replace(/\.\w+$/, ""), sourceHash, compilerHash }, program, weights),
    );
    return folder;
  });
  return commonConfig({ data, port: wholeNumber("--port", options.port, 0, 65_535) }, place, models);
}

/** @param models folders */
export function commonConfig(
  { data, port }: { data: string; port: number },
  { rpc, deployment }: Place,
  models: string[],
): NodeConfigInput {
  const devnet = deployment.chainId === DEVNET_CHAIN_ID;
  const pace = devnet ? { pollMs: 250, depth: 0 } : {};
  return { dataDir: data, rpcUrl: rpc, deployment, models, http: { port }, ...pace };
}
