// Branch coverage of the money core, by forge, since Hardhat counts lines only: the Solidity tests but for the laws'
// walks, on code without the optimizer. Exits with 1 when a file is below LEAST.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./compile.ts";

const LEAST = 98;
const CORE = ["staking/Staking.sol", "market/Market.sol", "dispute/Disputes.sol"];
/** Fails on code that is not optimized: it measures gas. */
const MEASURES_GAS = "test_hiddenLeafConsumed";

const folder = join(root, "contracts/coverage/forge");
const lcov = join(folder, "lcov.info");
mkdirSync(folder, { recursive: true });
const { status } = spawnSync(
  process.execPath,
  [
    ...[join(root, ".ci/forge.mjs"), "coverage", "--report", "lcov", "--report-file", lcov],
    ...[
      "--no-match-contract",
      "LawsTest",
      "--no-match-test",
      MEASURES_GAS,
      "--no-match-coverage",
      "test/|node_modules",
    ],
  ],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      FOUNDRY_OUT: join(folder, "out"),
      FOUNDRY_CACHE_PATH: join(folder, "cache"),
      FOUNDRY_FUZZ_RUNS: "16",
    },
  },
);
if (status !== 0) process.exit(status ?? 1);

/** One file's part of an lcov report; a branch is `BRDA:line,block,branch,taken`. */
for (const record of readFileSync(lcov, "utf8").split("end_of_record")) {
  const name = CORE.find((core) => record.includes(`SF:contracts/src/${core}\n`));
  if (!name) continue;
  const branches = [...record.matchAll(/^BRDA:(\d+),\d+,\d+,(\d+|-)$/gm)];
  const missed = branches.filter(([, , taken]) => taken === "-" || taken === "0").map(([, line]) => line);
  const percent = (100 * (branches.length - missed.length)) / branches.length;
  const where = missed.length > 0 ? `; not taken at lines ${[...new Set(missed)].join(", ")}` : "";
  console.log(`branches of ${name}: ${percent.toFixed(2)} % of ${branches.length}, at least ${LEAST} %${where}`);
  if (percent < LEAST) process.exitCode = 1;
}
