import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Artifact, Artifacts, ContractName } from "@opengradient/protocol";
import { CommandError } from "../failure.ts";

const SOURCES: Readonly<Record<ContractName, string>> = {
  OPG: "token",
  Validator: "arbiter",
  Arbiter: "arbiter",
  ModelRegistry: "registry",
  Staking: "staking",
  OpgGovernor: "governance",
  Market: "market",
  Channels: "market",
  Deliveries: "consumer",
  Disputes: "dispute",
};

export const artifactsRoot = (): string =>
  join(dirname(fileURLToPath(import.meta.resolve("@opengradient/contracts/package.json"))), "artifacts");

export const artifactPath = (name: ContractName): string =>
  join(artifactsRoot(), "src", SOURCES[name], `${name}.sol`, `${name}.json`);

/** The contracts as `npm run build` left them. @throws CommandError when they are not built */
export function readArtifacts(): Artifacts {
  const read = (name: ContractName): Artifact => {
    const path = artifactPath(name);
    if (!existsSync(path))
      throw new CommandError(`the contract ${name} is not built: ${path} is missing`, { todo: "run: npm run build" });
    const { abi, bytecode } = JSON.parse(readFileSync(path, "utf8"));
    return { abi, bytecode };
  };
  const names = Object.keys(SOURCES) as ContractName[];
  return Object.fromEntries(names.map((name) => [name, read(name)])) as Record<ContractName, Artifact>;
}
