// The lists of suites: `quick` is `npm test`, `long` comes after it in `.ci/run`. To add one, add a line.
// `count` says how its tests are counted: "exit" is one test that passed when the command exits with 0,
// "vitest" adds a JSON reporter, "solidity", "forge" and "closing" read the output ("closing": its last `N passed, N failed`).

const vitest = (...args) => ({ command: ["vitest", "run", ...args], count: "vitest" });

export const suites = {
  quick: [
    { name: "layers", command: ["node", ".ci/layers.mjs"], count: "exit" },
    { name: "sizes", command: ["node", ".ci/sizes.mjs"], count: "exit" },
    { name: "lock files", command: ["node", ".ci/lock.mjs", "--check"], count: "exit" },
    { name: "format and lint", command: ["biome", "ci", "--colors=off", "--max-diagnostics=50"], count: "exit" },
    { name: "contracts build", command: ["hardhat", "build"], folder: "contracts", count: "exit" },
    { name: "generated files", command: ["node", ".ci/generated.mjs"], count: "exit" },
    { name: "snapshots", command: ["node", "contracts/snapshots.ts"], count: "exit" },
    { name: "types", command: ["turbo", "run", "check", "--output-logs=errors-only"], count: "exit" },
    { name: "packages", ...vitest("--project", "packages") },
    { name: "stories", ...vitest("--project", "test") },
    { name: "solidity", command: ["hardhat", "test", "solidity"], folder: "contracts", count: "solidity" },
  ],
  long: [
    { name: "solidity on forge", command: ["node", ".ci/forge.mjs", "test"], count: "forge" },
    // The same stories on another EVM. Demo and start bring a chain of their own; `npm run test:anvil` adds test/chain.
    {
      name: "stories on anvil",
      ...vitest("test/e2e", "--exclude", "test/e2e/demo.test.ts", "--exclude", "test/e2e/start.test.ts"),
      env: { OG_EVM: "anvil" },
    },
    // Brings Chromium from Debian where it is absent; without one it fails.
    { name: "browser", command: ["node", "test/browser/run.ts"], count: "vitest" },
  ],
};
