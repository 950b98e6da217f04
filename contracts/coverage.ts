// Line coverage of src: the Solidity tests, then those tests of the Arbiter and the Validator that drive an EVM from
// TypeScript, over the same instrumented build, kept apart from the ordinary one. Exits with 1 below LEAST.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";

const LEAST = 99;
/** Where both kinds of tests leave what they ran through. */
const RUN = "solidity";
const DRIVEN = ["test/arbiter", "--exclude", "**/gas.test.ts"];

const room = dirname(fileURLToPath(import.meta.url));
process.chdir(room);
process.env["HARDHAT_COVERAGE"] = "true";
mkdirSync(join(room, "coverage"), { recursive: true });
const { default: config } = await import("./hardhat.config.ts");
const hre = await createHardhatRuntimeEnvironment(config, { config: join(room, "hardhat.config.ts") }, room);
await hre.tasks.getTask("build").run({ force: true });
await hre.tasks.getTask(["test", "solidity"]).run({});
// Instrumented code costs more gas, so tests of gas fail here and the exit status says nothing.
spawnSync("vitest", ["run", ...DRIVEN], {
  cwd: join(room, ".."),
  stdio: "inherit",
  env: { ...process.env, ARBITER_PROGRAMS: "60", ARBITER_ELEMENTS: "600" },
});
await hre.hooks.runHandlerChain("test", "onTestRunDone", [RUN], async () => {});

const lcov = readFileSync(join(room, "coverage", "lcov.info"), "utf8");
const sum = (key: string): number =>
  [...lcov.matchAll(new RegExp(`^${key}:(\\d+)$`, "gm"))].reduce((total, [, count]) => total + Number(count), 0);
const percent = (100 * sum("LH")) / sum("LF");
console.log(`lines of contracts/src: ${percent.toFixed(2)} % (${sum("LH")} of ${sum("LF")}), at least ${LEAST} %`);
process.exitCode = percent >= LEAST ? 0 : 1;
