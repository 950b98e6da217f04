// `npm run prove [-- CONTRACT …]`: puts what Claims.sol states to the model checker inside the compiler (BMC, Z3) and
// says what it proved, and where it had no answer. Without loops BMC proves for all values, and answers where CHC does
// not. Exits with 1 when something is refuted. Each contract gets a process of its own that ends after PATIENCE: the
// checker itself must be given no time limit, it throws then.
import { spawnSync } from "node:child_process";
import { compile, sourcesOf } from "../compile.ts";

const FILE = "contracts/smt/Claims.sol";
const PATIENCE = 300_000;
const VERDICTS = { proved: "check is safe!", unanswered: "might happen here", refuted: "happens here" } as const;

const sources = sourcesOf("smt/*.sol");

/** What the checker says about one contract, in its own words. */
function ask(name: string): string[] {
  const { errors = [] } = compile(sources, {
    outputSelection: {},
    modelChecker: {
      engine: "bmc",
      solvers: ["z3"],
      targets: ["assert"],
      contracts: { [FILE]: [name] },
      showProvedSafe: true,
      showUnproved: true,
    },
  });
  return errors.map(({ formattedMessage }) => formattedMessage).filter((text) => text.includes("BMC: "));
}

/** @returns undefined when the process did not end in time */
function askApart(name: string): string[] | undefined {
  const options = { encoding: "utf8", timeout: PATIENCE, maxBuffer: 2 ** 26 } as const;
  const { stdout, status } = spawnSync(process.execPath, [import.meta.filename, "--inside", name], options);
  return status === 0 ? JSON.parse(stdout) : undefined;
}

function main(chosen: readonly string[]): void {
  const names = [...sources.get(FILE)!.matchAll(/^contract (\w+)/gm)].map(([, name]) => name!);
  console.log("| claim | proved | no answer | refuted |\n|---|---|---|---|");
  for (const name of names.filter((each) => chosen.length === 0 || chosen.includes(each))) {
    const texts = askApart(name);
    if (!texts) {
      console.log(`| ${name} | not ended in ${PATIENCE / 1000} s | | |`);
      continue;
    }
    const said = Object.values(VERDICTS).map((words) => texts.filter((text) => text.includes(words)));
    console.log(`| ${name} | ${said.map(({ length }) => length).join(" | ")} |`);
    for (const text of said.at(-1)!) {
      console.error(text);
      process.exitCode = 1;
    }
  }
}

const [first, ...rest] = process.argv.slice(2);
if (first === "--inside") process.stdout.write(JSON.stringify(ask(rest[0]!)));
else main(process.argv.slice(2));
