#!/usr/bin/env node
// Answers forge in place of a native compiler, with the one that Hardhat uses.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");

if (process.argv.includes("--version"))
  console.log(
    `solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace("Emscripten.clang", "Linux.g++")}`,
  );
else if (process.argv.includes("--standard-json")) process.stdout.write(solc.compile(readFileSync(0, "utf8")));
else {
  console.error(`unknown arguments: ${process.argv.slice(2).join(" ")}`);
  process.exitCode = 1;
}
