// Runs the Solidity tests on forge: `node .ci/forge.mjs test [--match-contract NAME …]`.
// The binary itself, since npm's wrapper of it exits with 0 when tests fail.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

function binary() {
  const require = createRequire(join(root, "contracts", "package.json"));
  try {
    return join(dirname(require.resolve("@foundry-rs/forge-linux-amd64/package.json")), "bin", "forge");
  } catch {
    console.error("forge is installed on Linux x64 only; elsewhere: hardhat test solidity");
    process.exit(3);
  }
}

const [command = "test", ...args] = process.argv.slice(2);
const env = {
  ...process.env,
  FOUNDRY_CONFIG: join(root, "contracts", "foundry.toml"),
  FOUNDRY_DISABLE_NIGHTLY_WARNING: "1",
};
const { status } = spawnSync(binary(), [command, "--root", root, ...args], { cwd: root, env, stdio: "inherit" });
process.exitCode = status ?? 1;
