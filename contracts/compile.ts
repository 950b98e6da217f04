// The contracts seen by the compiler, without making code of them: trees, layouts, interfaces, proofs.
import { globSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const REMAPPINGS = [
  "forge-std/=node_modules/@layerzerolabs/toolbox-foundry/lib/forge-std/",
  "@openzeppelin/contracts/=node_modules/@openzeppelin/contracts/",
];

const solc: { compile: (input: string, callbacks: unknown) => string } = createRequire(import.meta.url)("solc");

export type Message = {
  readonly severity: string;
  readonly message: string;
  readonly formattedMessage: string;
};

type Output<File, Contract> = {
  readonly errors?: readonly Message[];
  readonly sources: Record<string, File>;
  readonly contracts: Record<string, Record<string, Contract>>;
};

/** Sources by their path from the root. `pattern` is relative to the room of contracts. */
export function sourcesOf(pattern: string): Map<string, string> {
  const paths = globSync(`contracts/${pattern}`, { cwd: root }).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

/** @throws Error with the compiler's words when it refuses */
export function compile<File, Contract>(
  sources: ReadonlyMap<string, string>,
  settings: { readonly outputSelection: unknown; readonly [name: string]: unknown },
): Output<File, Contract> {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries([...sources].map(([path, content]) => [path, { content }])),
    settings: { remappings: REMAPPINGS, evmVersion: "osaka", ...settings },
  };
  const callbacks = { import: (path: string) => ({ contents: readFileSync(join(root, path), "utf8") }) };
  const output: Output<File, Contract> = JSON.parse(solc.compile(JSON.stringify(input), callbacks));
  const refused = output.errors?.find(({ severity }) => severity === "error");
  if (refused) throw new Error(refused.formattedMessage);
  return output;
}
