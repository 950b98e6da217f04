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
import { opg, seconds, table } from "../words.ts";

type Options = { port: string; file: string; blockInterval: string };

export const devnetCommand: Register = (og) => {
  og.command("devnet")
    .description("Start a local chain with the whole system deployed and funded accounts; Ctrl-C ends it")
    .option("--port <port>", "where its JSON-RPC answers", "8545")
    .option("--block-interval <ms>", "a block at least this often; every transaction is mined at once beside", "1000")
    .option("--file <file>", "where to write the addresses; the other commands look there", DEVNET_FILE)
    .addHelpText("after", examples("og devnet", "og devnet --port 9545 --file /tmp/devnet.json"))
    .action(
      action<[Options]>(async (output, options) => {
        const port = wholeNumber("--port", options.port, 0, 65_535);
        output.progress("starting the chain …");
        await expectFree("--port", port);
        const blockInterval = wholeNumber("--block-interval", options.blockInterval, 10, 600_000);
        const chain = await startChain({ port, blockInterval });
        try {
          output.progress("deploying …");
          const system = devnetSystem();
          const deployment = await deployDevnet(http(chain.url), system);
          writePlace(options.file, { rpc: chain.url, deployment });
          const accounts = Object.fromEntries(DEVNET_NAMES.map((name) => [name, devnetAddress(name)]));
          const { window, reaction, answer, grace } = system.tiers[0]!;
          const clocks = { window, reaction, answer, grace };
          output.event({ rpc: chain.url, file: resolve(options.file), deployment, accounts, clocks }, [
            `A local chain answers at ${chain.url}; its addresses are in ${options.file}`,
            "",
            ...table([
              ...Object.entries(deployment).flatMap(([name, value]) =>
                typeof value === "string" ? [[name, value]] : [],
              ),
              ["", ""],
              ...Object.entries(accounts).map(([name, address]) => [name, address]),
            ]),
            "",
            `Each account holds 10,000 ETH and at least ${opg(system.genesis[1]!.amount)}; their keys are public, worth nothing.`,
            `Clocks: ${seconds(window)} to challenge, ${seconds(answer)} to answer, ${seconds(reaction)} to react, ${seconds(grace)} of grace; fault bond ${opg(system.faultBond)}.`,
            "",
            "Ctrl-C ends it.",
          ]);
          await interrupted();
        } finally {
          await chain.close();
          rmSync(options.file, { force: true });
        }
      }),
    );
};

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
