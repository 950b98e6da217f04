import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { action, examples, type Register } from "../command.ts";
import { interrupted } from "../ending.ts";
import { CommandError, EXIT } from "../failure.ts";
import { startNetwork } from "../start/network.ts";
import { servePage } from "../start/serve.ts";
import { expectFree, wholeNumber } from "./devnet.ts";

type Options = { port: string; rpcPort: string; watcherWaits: string; isolated?: true };

/** The page is an app that nothing imports: it is built beside us and served as files. */
const pageFolder = (): string =>
  join(dirname(fileURLToPath(import.meta.resolve("@opengradient/contracts/package.json"))), "..", "apps", "web");

export const startCommand: Register = (og) => {
  og.command("start")
    .description("A whole network on this machine with its page: chain, operators, one of them a liar, watcher, faucet")
    .option("--port <port>", "where the page answers", "4173")
    .option("--rpc-port <port>", "where the chain's JSON-RPC answers", "8545")
    .option("--watcher-waits <seconds>", "how long the watcher leaves a claim to you", "60")
    .option("--isolated", "serve the page cross-origin isolated (COOP and COEP)")
    .addHelpText("after", examples("og start", "og start --port 0 --rpc-port 0"))
    .action(
      action<[Options]>(async (output, options) => {
        const port = wholeNumber("--port", options.port, 0, 65_535);
        const rpcPort = wholeNumber("--rpc-port", options.rpcPort, 0, 65_535);
        const patience = wholeNumber("--watcher-waits", options.watcherWaits, 0, 86_400);
        await expectFree("--port", port);
        await expectFree("--rpc-port", rpcPort);
        let up = false;
        const ended = interrupted();
        // Nothing of value is lost while it comes up.
        void ended.then(() => up || process.exit(EXIT.ended));
        output.progress("building the page …");
        const building = buildPage(pageFolder());
        building.catch(() => {});
        const network = await startNetwork({ port: rpcPort, patience, progress: output.progress });
        try {
          await building;
          up = true;
          const { rpc, deployment, modelRoot, names, give } = network;
          const facts = { rpc, deployment, model: modelRoot, names, faucet: "/faucet/" };
          const folder = join(pageFolder(), "dist");
          const page = await servePage({ folder, port, network: facts, give, isolated: options.isolated === true });
          try {
            output.event({ url: page.url, ...facts }, [
              `Open ${page.url}`,
              "",
              "Three operators answer; one of them lies in every third answer. A watcher waits a while before it acts,",
              "so that you can be first. The chain is this machine's own and its money is worth nothing.",
              `A wallet that you use must know the chain: ${rpc}, chain id ${deployment.chainId}.`,
              "",
              "Ctrl-C ends it all.",
            ]);
            await ended;
          } finally {
            await page.close();
          }
        } finally {
          await network.close();
        }
      }),
    );
};

/** @throws CommandError with what vite says */
function buildPage(folder: string): Promise<void> {
  return new Promise((done, fail) => {
    // Under another NODE_ENV the page would carry React's development build.
    const env = { ...process.env, NODE_ENV: "production" };
    const shell = process.platform === "win32";
    const child = spawn("vite", ["build", "--logLevel", "error"], { cwd: folder, env, shell });
    process.once("exit", () => child.kill());
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += part));
    child.on("error", (cause) =>
      fail(
        new CommandError("the page can not be built: vite does not start", {
          cause,
          todo: "run: npm start, which installs what is missing",
        }),
      ),
    );
    child.on("close", (code) =>
      code === 0 ? done() : fail(new CommandError(`the page can not be built:\n${said}`, { code: EXIT.fault })),
    );
  });
}
