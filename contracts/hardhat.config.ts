import { createRequire } from "node:module";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hardhatViem from "@nomicfoundation/hardhat-viem";
import hardhatViemAssertions from "@nomicfoundation/hardhat-viem-assertions";
import { defineConfig } from "hardhat/config";
import { quiet } from "./quiet.ts";

// A profile without a path would make Hardhat look for a compiler list on the network.
const path = createRequire(import.meta.url).resolve("solc/soljson.js");
const settings = { evmVersion: "osaka", optimizer: { enabled: true, runs: 10_000 } };

// An instrumented build must not be mistaken for the ordinary one by tests that run meanwhile.
const instrumented = process.env["HARDHAT_COVERAGE"]
  ? { artifacts: "./coverage/artifacts", cache: "./coverage/cache" }
  : {};

export default defineConfig({
  plugins: [hardhatViem, hardhatViemAssertions, hardhatNetworkHelpers, quiet],
  paths: { sources: "./src", tests: { solidity: "./test" }, ...instrumented },
  solidity: {
    profiles: {
      default: { version: "0.8.37", path, settings },
      production: { version: "0.8.37", path, settings: { ...settings, viaIR: true } },
    },
  },
  networks: {
    default: { type: "edr-simulated", chainType: "l1", hardfork: "osaka" },
  },
  test: {
    solidity: {
      fuzz: { runs: 256 },
      invariant: { runs: 32, depth: 64 },
    },
  },
});
