import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { http } from "viem";
import { DEVNET_NAMES, devnetAddress } from "../chain/accounts.ts";
import { DEVNET_FILE, writePlace } from "../chain/connect.ts";
import { deployDevnet, devnetSystem, startChain } from "../chain/local.ts";
import { action, examples, type Register } from "../command.ts";
import { interrupted } from "../ending.ts";
import { CommandError } from "../failure.ts";
import { type Network, type NetworkOptions, startNetwork } from "../start/network.ts";
import { opg, seconds, table } from "../words.ts";

type Options = { port: string; file: string; blockInterval: string; people?: true };

export const devnetCommand: Register = (og) => {
  og.command("devnet")
    .description("Start a local chain with the whole system deployed and funded accounts; Ctrl-C ends it")
    .option("--people", "with three operators that answer for the digit model; one of them lies now and then")
    .option("--port <port>", "where its JSON-RPC answers", "8545")
    .option("--block-interval <ms>", "a block at least this often; every transaction is mined at once beside", "1000")
    .option("--file <file>", "where to write the addresses; the other commands look there", DEVNET_FILE)
    .addHelpText("after", examples("og devnet", "og devnet --people", "og devnet --port 9545 --file /tmp/devnet.json"))
    .action(
      action<[Options]>(async (output, options) => {
        const port = wholeNumber("--port", options.port, 0, 65_535);
        output.progress("starting the chain …");
        await expectFree("--port", port);
        const blockInterval = wholeNumber("--block-interval", options.blockInterval, 10, 600_000);
        const place = { port, blockInterval, progress: output.progress };
        const devnet = await (options.people ? startNetwork(place) : startAlone(place));
        try {
          const { rpc, deployment } = devnet;
          writePlace(options.file, { rpc, deployment });
          output.event(factsOf(devnet, options.file), wordsOf(devnet, options.file));
          await interrupted();
        } finally {
          await devnet.close();
          rmSync(options.file, { force: true });
        }
      }),
    );
};

type Devnet = Pick<Network, "rpc" | "deployment" | "system" | "people" | "close">;

/** Chain and contracts, and nobody on it. */
async function startAlone({ progress, ...where }: NetworkOptions): Promise<Devnet> {
  const { url: rpc, close } = await startChain(where);
  try {
    progress("deploying …");
    const system = devnetSystem();
    return { rpc, system, people: [], close, deployment: await deployDevnet(http(rpc), system) };
  } catch (error) {
    await close();
    throw error;
  }
}

const accounts = (): Record<string, string> =>
  Object.fromEntries(DEVNET_NAMES.map((name) => [name, devnetAddress(name)]));

function factsOf({ rpc, deployment, system, people }: Devnet, file: string) {
  const { window, reaction, answer, grace } = system.tiers[0]!;
  const clocks = { window, reaction, answer, grace };
  return { rpc, file: resolve(file), deployment, accounts: accounts(), clocks, people };
}

function wordsOf({ rpc, deployment, system, people }: Devnet, file: string): string[] {
  const { window, reaction, answer, grace } = system.tiers[0]!;
  return [
    `A local chain answers at ${rpc}; its addresses are in ${file}`,
    "",
    ...table([
      ...Object.entries(deployment).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
      ["", ""],
      ...Object.entries(accounts()),
      ...people.map(({ name, operator, fee }) => [name, operator, `answers for ${opg(fee)}`]),
    ]),
    "",
    `Each account began with 10,000 ETH and at least ${opg(system.genesis[1]!.amount)}; their keys are public, worth nothing.`,
    `Clocks: ${seconds(window)} to challenge, ${seconds(answer)} to answer, ${seconds(reaction)} to react, ${seconds(grace)} of grace; fault bond ${opg(system.faultBond)}.`,
    "",
    "Ctrl-C ends it.",
  ];
}

export function wholeNumber(what: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < least || value > most)
    throw new CommandError(`${what} ${text}: a whole number from ${least} to ${most} is needed`);
  return value;
}

/** @throws CommandError when somebody listens on the port already */
export async function expectFree(what: string, port: number): Promise<void> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch (cause) {
    throw new CommandError(`${what} ${port}: nothing can listen there (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
      todo: `another network may be running: end it, or choose a free port with ${what}, such as 0 for any`,
    });
  }
  server.close();
  await once(server, "close");
}
