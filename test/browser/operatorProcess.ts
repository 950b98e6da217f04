// An operator in a process of its own, that lies: `node operatorProcess.ts CONFIG`. Says where it serves once it can be asked.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { devnetAccount, enlist, importModel } from "@opengradient/cli";
import { type Lie, liar, modelOf, parseConfig, silentLog, startNode, writeModel } from "@opengradient/node";
import { createPublicClient, createWalletClient, http, toHex } from "viem";
import { hardhat } from "viem/chains";
import type { Network } from "./stage.ts";

/** account: index on the devnet */
export type OperatorConfig = {
  readonly network: Network;
  readonly account: number;
  readonly lie: Lie;
  readonly folder: string;
};

const { network, account: index, lie, folder } = JSON.parse(process.argv[2]!) as OperatorConfig;
const { rpc, deployment } = network;
const account = devnetAccount(index);
const digits = importModel(readFileSync(new URL("../../packages/models/digits/digits.onnx", import.meta.url)));
const { sourceHash, compilerHash, modelRoot } = digits.roots;
const models = [join(folder, "model")];
writeModel(models[0]!, modelOf({ name: "digits", sourceHash, compilerHash }, digits.program, digits.weights));

const operator = { owner: account.address, key: toHex(account.getHdKey().privateKey!), postOpened: false };
const config = { rpcUrl: rpc, deployment, models, pollMs: 200, depth: 0, dataDir: join(folder, "node"), operator };
const node = await startNode(parseConfig(config), { ...liar(lie), log: silentLog });
const { chainId, block: _, ...addresses } = deployment;
const on = { chain: hardhat, transport: http(rpc) };
const writer = { chain: createPublicClient(on), wallet: createWalletClient({ ...on, account }), addresses, chainId };
await enlist(writer, { modelRoot, fee: 10n ** 18n, endpoint: node.url });
console.log(node.url);
