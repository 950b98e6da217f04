import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Deployment } from "@opengradient/bindings";
import { create, type Plan, planSystem, readRoles, type SystemOptions, type Writer } from "@opengradient/protocol";
import { type Address, createPublicClient, createWalletClient, encodeDeployData, http, keccak256, toHex } from "viem";
import { DEVNET_CHAIN_ID } from "../chain/accounts.ts";
import { readArtifacts } from "../chain/artifacts.ts";
import { chainOf, writePlace } from "../chain/connect.ts";
import { accountOf, type KeyOptions, keyOptions } from "../chain/keys.ts";
import { action, examples, type Register } from "../command.ts";
import { readGenesis } from "../deploy/genesis.ts";
import { keepIntent } from "../deploy/journal.ts";
import { writeJson } from "../deploy/json.ts";
import { rolesMarkdown } from "../deploy/page.ts";
import { readParams } from "../deploy/params.ts";
import { writeVerification } from "../deploy/verification.ts";
import { CommandError, EXIT } from "../failure.ts";
import type { Output } from "../output.ts";
import { table } from "../words.ts";

type Options = KeyOptions & { rpc: string; params: string; genesis: string; out?: string; devnet?: boolean };
type Sender = Omit<Writer, "addresses">;

export const deployCommand: Register = (og) => {
  keyOptions(
    og
      .command("deploy")
      .description("Deploy the whole system; run again after an interruption, it goes on where it was")
      .requiredOption("--rpc <url>", "JSON-RPC of the chain")
      .requiredOption("--params <file>", "clocks, bonds and addresses: docs/deploy.md")
      .requiredOption("--genesis <file>", "who gets OPG")
      .option("--out <folder>", "where intent, addresses, verification input and roles go (default: .og/chain-ID)")
      .option("--devnet", "short clocks are allowed; not for value"),
  )
    .addHelpText(
      "after",
      examples(
        "og deploy --rpc https://rpc.example --keystore deployer.json --params params.json --genesis genesis.json",
      ),
    )
    .action(
      action<[Options]>(async (output, options) => {
        const genesis = readGenesis(options.genesis);
        const system = readParams(options.params, genesis, options.devnet === true);
        const sender = await senderOf(options);
        const from = sender.wallet.account.address;
        keepDeployerOut(from, system);
        const folder = options.out ?? `.og/chain-${sender.chainId}`;
        const { plan, block } = await planOf(sender, system, join(folder, "intent.json"));
        await createAll(output, sender, plan);
        const deployment: Deployment = { ...plan.addresses, chainId: sender.chainId, block };
        writePlace(join(folder, "deployment.json"), { rpc: options.rpc, deployment });
        writeVerification(join(folder, "verification"), plan);
        const page = await readRoles({ ...sender, addresses: plan.addresses }, from, BigInt(block));
        writeJson(join(folder, "roles.json"), { deployment, deployer: from, ...page });
        writeFileSync(join(folder, "roles.md"), rolesMarkdown(deployment, page));
        output.result({ folder, deployment, ...page }, [
          ...table(Object.entries(plan.addresses)),
          "",
          ...page.objections.map((text) => `${output.paint("red", "✗")} ${text}`),
          `Roles are in ${folder}/roles.md, input for explorers in ${folder}/verification`,
        ]);
        return page.objections.length ? EXIT.no : EXIT.done;
      }),
    );
};

async function senderOf({ rpc, ...keys }: Options): Promise<Sender> {
  const chainId = await createPublicClient({ transport: http(rpc) })
    .getChainId()
    .catch((cause: unknown) => {
      throw new CommandError(`${rpc}: the chain does not answer`, { code: EXIT.chain, cause });
    });
  const chain = chainOf(chainId, rpc);
  const account = accountOf(keys, chainId === DEVNET_CHAIN_ID);
  const transport = http(rpc);
  return {
    chainId,
    chain: createPublicClient({ chain, transport, pollingInterval: 1000 }),
    wallet: createWalletClient({ account, chain, transport }),
  };
}

/** What the deploying key may not be: it is in a file on a machine that talks to a network. */
function keepDeployerOut(from: Address, { genesis, auditPool, guardian }: SystemOptions): void {
  const is = (address: Address) => address.toLowerCase() === from.toLowerCase();
  const found = [
    ...(genesis.some(({ to }) => is(to)) ? ["a holder of the genesis"] : []),
    ...(is(auditPool) ? ["the audit pool"] : []),
    ...(is(guardian) ? ["the guardian"] : []),
  ];
  if (found.length)
    throw new CommandError(`the deploying account ${from} is ${found.join(" and ")}`, {
      todo: "deploy from a fresh account that is nothing else",
    });
}

async function planOf(sender: Sender, system: SystemOptions, path: string): Promise<{ plan: Plan; block: number }> {
  const { chain, chainId, wallet } = sender;
  const from = wallet.account.address;
  const artifacts = readArtifacts();
  const hashOf = ({ steps }: Plan) =>
    keccak256(toHex(steps.map(({ name, args }) => encodeDeployData({ ...artifacts[name], args } as never)).join("")));
  const intent = await keepIntent(path, { chainId, from }, async () => {
    const [nonce, pending, block] = await Promise.all([
      chain.getTransactionCount({ address: from }),
      chain.getTransactionCount({ address: from, blockTag: "pending" }),
      chain.getBlockNumber(),
    ]);
    if (pending !== nonce)
      throw new CommandError(`${from} has ${pending - nonce} transactions that wait`, {
        todo: "let them be mined first",
      });
    const plan = hashOf(planSystem({ from, nonce }, system));
    return { chainId, from, nonce, block: Number(block), plan };
  });
  const plan = planSystem(intent, system);
  if (hashOf(plan) !== intent.plan)
    throw new CommandError(`${path} was begun with other parameters, genesis or contracts`, {
      todo: "go on with those, or begin anew in another folder with --out",
    });
  return { plan, block: intent.block };
}

async function createAll(output: Output, sender: Sender, { steps }: Plan): Promise<void> {
  const artifacts = readArtifacts();
  for (const [i, step] of steps.entries()) {
    output.progress(`${i + 1} of ${steps.length}: ${step.name} …`);
    const fresh = await create(sender, artifacts[step.name], step);
    output.say(`${step.name} ${fresh ? "is" : "was"} at ${step.address}`);
  }
}
