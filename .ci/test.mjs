// Runs a list of suites in order, counts their tests and closes with `N passed, N failed`.
//   node .ci/test.mjs [quick|long] [SUITE …]      SUITE: only those whose name contains it
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { suites } from "./suites.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const results = join(root, ".results");

function run({ command, folder = ".", env: more }, extra) {
  const [name, ...args] = [...command, ...extra];
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", ...more };
  const child = spawn(name, args, { cwd: join(root, folder), env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
      process.stdout.write(text);
    });
  // A process that a suite left behind may hold its output open for ever.
  const letGo = () => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  child.on("exit", () => setTimeout(letGo, 10_000).unref());
  return new Promise((done) => {
    child.on("error", (error) => done({ code: 127, output: error.message }));
    child.on("close", (code) => done({ code: code ?? 1, output }));
  });
}

const last = (text, pattern) => Number([...text.matchAll(pattern)].at(-1)?.[1] ?? 0);

const counters = {
  exit: ({ code }) => ({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }),
  vitest(_, report) {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests = 0 } = JSON.parse(readFileSync(report));
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  },
  solidity: ({ output }) => ({
    passed: last(output, /^\s*(\d+) passing/gm),
    failed: last(output, /^\s*(\d+) failing/gm),
    skipped: last(output, /^\s*(\d+) (?:skipped|pending)/gm),
  }),
  forge: ({ output }) => ({
    passed: last(output, /(\d+) tests passed, \d+ failed/g),
    failed: last(output, /\d+ tests passed, (\d+) failed/g),
    skipped: last(output, /\d+ failed, (\d+) skipped \(/g),
  }),
  closing: ({ output }) => ({
    passed: last(output, /^(\d+) passed, \d+ failed/gm),
    failed: last(output, /^\d+ passed, (\d+) failed/gm),
    skipped: 0,
  }),
};

async function measure(suite) {
  const report = join(results, `${suite.name.replaceAll(" ", "-")}.json`);
  rmSync(report, { force: true });
  const began = Date.now();
  const extra = suite.count === "vitest" ? ["--reporter=default", "--reporter=json", `--outputFile=${report}`] : [];
  const outcome = await run(suite, extra);
  let counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    counts = counters[suite.count](outcome, report);
  } catch (error) {
    console.error(`${suite.name}: its counts cannot be read: ${error.message}`);
    outcome.code ||= 1;
  }
  // A file that does not load, or a crash, fails no single test and must still be seen.
  if (outcome.code !== 0 && counts.failed === 0) counts.failed = 1;
  return { name: suite.name, ...counts, seconds: (Date.now() - began) / 1000 };
}

const [list = "quick", ...only] = process.argv.slice(2);
if (!suites[list]) {
  console.error(`no list of suites is called ${list}: ${Object.keys(suites).join(", ")}`);
  process.exit(2);
}
mkdirSync(results, { recursive: true });
const chosen = suites[list].filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
const rows = [];
for (const suite of chosen) {
  console.log(`\n── ${suite.name}: ${suite.command.join(" ")}`);
  rows.push(await measure(suite));
}

const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
console.log(`\n${"suite".padEnd(20)} passed  failed  skipped  seconds`);
for (const { name, passed, failed, skipped, seconds } of rows) {
  const cells = [passed, failed, skipped].map((n, i) => String(n).padStart([6, 7, 8][i])).join(" ");
  console.log(`${name.padEnd(20)} ${cells} ${seconds.toFixed(1).padStart(8)}`);
}
const [passed, failed] = [total("passed"), total("failed")];
writeFileSync(join(results, `total-${list}.json`), `${JSON.stringify({ passed, failed })}\n`);
// Under .ci/run the closing line belongs to the sum of both lists.
console.log(`${process.env.OG_SUM_LATER ? `${list}: ` : "\n"}${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
