// `npm run campaign [-- forge's arguments]`: the Solidity tests with the counts of profile `campaign` in
// contracts/foundry.toml, and a summary: which fuzz test ran how often, which act of the walks was called and reverted how
// often, and how often every row of the state tables was taken, the leaving of everybody at the end of each walk included.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const log = join(root, ".results", "walks.txt");

function forge(args) {
  const env = { ...process.env, FOUNDRY_PROFILE: "campaign", LAWS_LOG: log, NO_COLOR: "1" };
  const child = spawn(process.execPath, [join(root, ".ci", "forge.mjs"), "test", ...args], { cwd: root, env });
  let output = "";
  child.stderr.pipe(process.stderr);
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    process.stdout.write(text);
  });
  return new Promise((done) => child.on("close", (code) => done({ code: code ?? 1, output })));
}

/** Σ over the walks of how often each row was taken; one line for a walk, `row=count;…`. */
function rowsTaken(text) {
  const walks = text.trimEnd().split("\n");
  const sums = new Map();
  for (const walk of walks)
    for (const [, row, count] of walk.matchAll(/([^;=]+)=(\d+)/g)) sums.set(row, (sums.get(row) ?? 0) + Number(count));
  return { walks: walks.length, sums };
}

function readLog() {
  try {
    return readFileSync(log, "utf8");
  } catch {
    return "";
  }
}

mkdirSync(dirname(log), { recursive: true });
rmSync(log, { force: true });
const began = Date.now();
const { code, output } = await forge(process.argv.slice(2));
let failed = code !== 0;

console.log("\nfuzzed tests, runs");
for (const [, name, runs] of output.matchAll(/^\[PASS\] (\w+)\(.*?\) \(runs: (\d+), μ/gm))
  console.log(`${runs.padStart(8)}  ${name}`);
console.log("\nwalks");
for (const [, name, runs, calls, reverts] of output.matchAll(
  /(\w+)\(\) \(runs: (\d+), calls: (\d+), reverts: (\d+)\)/g,
))
  console.log(`${runs.padStart(8)}  ${name}: ${calls} calls, ${reverts} reverts`);

const text = readLog();
if (text !== "") {
  const { walks, sums } = rowsTaken(text);
  console.log(`\nrows of the state tables, and other acts: how often taken in ${walks} walks`);
  for (const [row, count] of sums) console.log(`${String(count).padStart(10)}  ${row}`);
  const never = [...sums].filter(([, count]) => count === 0).map(([row]) => row);
  if (never.length > 0) {
    console.error(`never taken: ${never.join(", ")}`);
    failed = true;
  }
}
console.log(`\n${failed ? "failed" : "green"} after ${Math.round((Date.now() - began) / 60_000)} minutes`);
process.exitCode = failed ? 1 : 0;
