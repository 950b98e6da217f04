// Runs the Solidity tests on forge, with one fault awake.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { root } from "../compile.ts";
import { coinbaseOf } from "./schema.ts";

/** Where the tree with the faults lies, and what is made of it. */
export const TREE = "contracts/cache/mutation/tree";
const MADE = join(root, "contracts/cache/mutation");
const PATIENCE = 240_000;
const MOST_UNFIT = 2;

const forge = join(
  dirname(createRequire(import.meta.url).resolve("@foundry-rs/forge-linux-amd64/package.json")),
  "bin/forge",
);

const settings = {
  FOUNDRY_CONFIG: join(root, "contracts/foundry.toml"),
  FOUNDRY_DISABLE_NIGHTLY_WARNING: "1",
  FOUNDRY_SRC: `${TREE}/src`,
  FOUNDRY_TEST: `${TREE}/test`,
  FOUNDRY_OUT: join(MADE, "out"),
  FOUNDRY_CACHE_PATH: join(MADE, "forge"),
  FOUNDRY_SOLC: join(root, "contracts/mutation/solc.mjs"),
  OG_SOLC_ANSWERS: join(MADE, "answers"),
  // Compiles in a third of the time; what a test measures is behaviour, not gas.
  FOUNDRY_OPTIMIZER: "false",
  FOUNDRY_FUZZ_RUNS: "12",
  FOUNDRY_FUZZ_FAILURE_PERSIST_DIR: join(MADE, "fuzz"),
  FOUNDRY_INVARIANT_RUNS: "8",
  FOUNDRY_INVARIANT_DEPTH: "64",
  FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT: "0",
  FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR: join(MADE, "invariant"),
};

export type Outcome = { readonly code: number | "late"; readonly output: string };

export function runForge(args: readonly string[], fault = 0): Promise<Outcome> {
  const env = { ...process.env, ...settings, FOUNDRY_BLOCK_COINBASE: coinbaseOf(fault) };
  const child = spawn(forge, [...args, "--root", root], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((done) => {
    let late = false;
    const clock = setTimeout(
      () => {
        late = child.kill("SIGKILL");
      },
      fault === 0 ? 10 * PATIENCE : PATIENCE,
    );
    child.on("close", (code) => {
      clearTimeout(clock);
      done({ code: late ? "late" : (code ?? 1), output });
    });
  });
}

const FAILED = /^\[FAIL[^\n]*\] (\w+)\(/gm;

/** Tests that fail though no fault is awake: they measure gas, and the faults cost some. */
export async function unfit(): Promise<string[]> {
  const { code, output } = await runForge(["test"]);
  const names = [...new Set([...output.matchAll(FAILED)].map(([, name]) => name!))];
  if (code !== 0 && (names.length === 0 || names.length > MOST_UNFIT))
    throw new Error(`the tests fail while every fault is asleep:\n${output.slice(-8000)}`);
  return names;
}

/** The tests nearest to a file first, then all others, then the walks of the laws. */
const stages = (path: string): readonly (readonly string[])[] => {
  const folder = path.split("/")[1]!.replace("libraries", "dispute");
  return [
    ["--match-path", `${TREE}/test/${folder}/*`],
    ["--no-match-contract", "LawsTest"],
    ["--match-contract", "LawsTest"],
  ];
};

/** The first test that notices the fault; undefined when none does. */
export async function killerOf(
  { number, path }: { readonly number: number; readonly path: string },
  leftOut: readonly string[],
): Promise<string | undefined> {
  const without = leftOut.length > 0 ? ["--no-match-test", `^(${leftOut.join("|")})\\(`] : [];
  for (const filter of stages(path)) {
    const { code, output } = await runForge(["test", "--fail-fast", ...without, ...filter], number);
    if (code === 0) continue;
    const name = code === "late" ? "a test that does not end" : output.matchAll(FAILED).next().value?.[1];
    if (!name) throw new Error(`forge failed without a failing test, fault ${number}:\n${output.slice(-2000)}`);
    return name;
  }
  return undefined;
}
