import { Command, CommanderError } from "commander";
import { accuracyCommand } from "./commands/accuracy.ts";
import { advanceCommand } from "./commands/advance.ts";
import { askCommand } from "./commands/ask.ts";
import { challengeCommand } from "./commands/challenge.ts";
import { channelCommand } from "./commands/channel.ts";
import { claimsCommand } from "./commands/claims.ts";
import { conformanceCommand } from "./commands/conformance.ts";
import { delegateCommand } from "./commands/delegate.ts";
import { deliverCommand } from "./commands/deliver.ts";
import { demoCommand } from "./commands/demo.ts";
import { deployCommand } from "./commands/deploy.ts";
import { devnetCommand } from "./commands/devnet.ts";
import { faucetCommand } from "./commands/faucet.ts";
import { fundsCommand } from "./commands/funds.ts";
import { fuzzCommand } from "./commands/fuzz.ts";
import { guardianCommand } from "./commands/guardian.ts";
import { importCommand } from "./commands/import.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { keyCommand } from "./commands/key.ts";
import { nodeCommand } from "./commands/node.ts";
import { operatorsCommand } from "./commands/operators.ts";
import { provableCommand } from "./commands/provable.ts";
import { quantiseCommand } from "./commands/quantise.ts";
import { quoteCommand } from "./commands/quote.ts";
import { receiptCommand } from "./commands/receipt.ts";
import { refundCommand } from "./commands/refund.ts";
import { registerCommand } from "./commands/register.ts";
import { reportCommand } from "./commands/report.ts";
import { requestCommand } from "./commands/request.ts";
import { rolesCommand } from "./commands/roles.ts";
import { runCommand } from "./commands/run.ts";
import { stakeCommand } from "./commands/stake.ts";
import { startCommand } from "./commands/start.ts";
import { supportCommand } from "./commands/support.ts";
import { verifyCommand } from "./commands/verify.ts";
import { voteCommand } from "./commands/vote.ts";
import { watchCommand } from "./commands/watch.ts";
import { EXIT } from "./failure.ts";

const COMMANDS = [
  importCommand,
  inspectCommand,
  quantiseCommand,
  runCommand,
  reportCommand,
  keyCommand,
  fundsCommand,
  registerCommand,
  stakeCommand,
  operatorsCommand,
  delegateCommand,
  channelCommand,
  askCommand,
  claimsCommand,
  requestCommand,
  receiptCommand,
  verifyCommand,
  refundCommand,
  deliverCommand,
  watchCommand,
  quoteCommand,
  challengeCommand,
  nodeCommand,
  devnetCommand,
  advanceCommand,
  faucetCommand,
  deployCommand,
  rolesCommand,
  voteCommand,
  guardianCommand,
  demoCommand,
  startCommand,
  conformanceCommand,
  fuzzCommand,
  accuracyCommand,
  provableCommand,
  supportCommand,
];

const AFTER =
  "\nExit codes: 0 done · 1 the answer is no · 2 wrong use or input · 3 the chain refused · 70 a fault of og itself · 130 ended from outside";

/** The program `og` with all its commands. */
export function createOg(): Command {
  const og = new Command("og")
    .description(
      "OpenGradient: verifiable AI inference. A false answer is proven false on chain, one element at a time.",
    )
    .version("0.1.0")
    .option("--json", "print results as JSON")
    .showHelpAfterError("(og --help, or og COMMAND --help)")
    .addHelpText("after", AFTER)
    .exitOverride();
  for (const register of COMMANDS) register(og);
  for (const command of og.commands.flatMap((one) => [one, ...one.commands]))
    command.option("--json", "print the result as JSON").exitOverride();
  return og;
}

/** Runs `og` with the process's arguments; the exit code says how it went. */
export async function main(): Promise<void> {
  // Whoever reads us may stop early, as `head` does.
  process.stdout.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? EXIT.done : EXIT.fault),
  );
  try {
    await createOg().parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}
