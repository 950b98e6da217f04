import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import type { Plan } from "@opengradient/protocol";
import { encodeDeployData } from "viem";
import { artifactPath, artifactsRoot, readArtifacts } from "../chain/artifacts.ts";
import { writeJson } from "./json.ts";

type Sources = Readonly<Record<string, { readonly content: string }>>;
type Settings = { readonly remappings: readonly string[] } & Readonly<Record<string, unknown>>;
type BuildInfo = {
  readonly solcLongVersion: string;
  readonly input: { readonly language: string; readonly settings: Settings; readonly sources: Sources };
};

const OUTPUTS = ["abi", "metadata", "evm.bytecode.object", "evm.deployedBytecode.object"];

/** What explorers take to check a contract: solc's standard JSON with the sources that it needs, and how it was made. */
export function writeVerification(folder: string, { steps }: Plan): void {
  const artifacts = readArtifacts();
  for (const { name, args, address } of steps) {
    const { abi, bytecode } = artifacts[name];
    const { contract, compiler, input } = standardInput(artifactPath(name));
    const constructorArguments = encodeDeployData({ abi, bytecode, args } as never).slice(bytecode.length);
    writeJson(join(folder, `${name}.json`), input);
    writeJson(join(folder, `${name}.contract.json`), { address, contract, compiler, constructorArguments });
  }
}

/** Of one artifact: `path:Name`, the compiler's version, and its input cut down to what the contract imports. */
export function standardInput(path: string) {
  const { buildInfoId, inputSourceName, contractName } = JSON.parse(readFileSync(path, "utf8"));
  const { input, solcLongVersion }: BuildInfo = JSON.parse(
    readFileSync(join(artifactsRoot(), "build-info", `${buildInfoId}.json`), "utf8"),
  );
  const { language, settings, sources } = input;
  const names = importedBy(inputSourceName, sources, settings.remappings);
  return {
    contract: `${inputSourceName}:${contractName}`,
    compiler: `v${solcLongVersion}`,
    input: {
      language,
      settings: { ...settings, outputSelection: { [inputSourceName]: { [contractName]: OUTPUTS } } },
      sources: Object.fromEntries(names.map((name) => [name, sources[name]!])),
    },
  };
}

function importedBy(root: string, sources: Sources, remappings: readonly string[]): string[] {
  const found = new Set([root]);
  for (const name of found)
    for (const [, path] of sources[name]!.content.matchAll(/^\s*(?:import|\}\s*from)\b[^"';]*["']([^"']+)["']/gm))
      found.add(resolve(path!, name, remappings));
  return [...found].sort();
}

/** As solc does: relative to the file, else by the first remapping `context:prefix=target` that fits. */
function resolve(path: string, from: string, remappings: readonly string[]): string {
  if (path.startsWith(".")) return posix.join(posix.dirname(from), path);
  for (const remapping of remappings) {
    const [, context, prefix, target] = /^([^:]*):([^=]*)=(.*)$/.exec(remapping)!;
    if (from.startsWith(context!) && path.startsWith(prefix!)) return target! + path.slice(prefix!.length);
  }
  return path;
}
