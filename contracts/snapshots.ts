// What others rely on, kept in files so that a change of it is seen: abi.snap.json (signatures of what each contract offers),
// storage.snap.json (what lies in which slot) and docs/gas.md (what people pay). `--update` writes them anew.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile, root, sourcesOf } from "./compile.ts";
import { type AbiItem, type StorageLayout, signaturesOf, storageOf } from "./describe.ts";
import { gasPage } from "./gasPage.ts";

type Compiled = {
  readonly abi: readonly AbiItem[];
  readonly storageLayout: StorageLayout;
};
type Tree = { readonly ast: { readonly nodes: readonly Declaration[] } };
type Declaration = { readonly name?: string; readonly contractKind?: string; readonly abstract?: boolean };

/** Contracts that can be deployed, by name. */
function deployable(): [string, Compiled][] {
  const outputSelection = { "*": { "": ["ast"], "*": ["abi", "storageLayout"] } };
  const sources = sourcesOf("src/**/*.sol");
  const output = compile<Tree, Compiled>(sources, { outputSelection });
  return [...sources.keys()]
    .flatMap((path) =>
      output.sources[path]!.ast.nodes.filter(
        ({ contractKind, abstract }) => contractKind === "contract" && !abstract,
      ).map(({ name }): [string, Compiled] => [name!, output.contracts[path]![name!]!]),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const json = (entries: readonly (readonly [string, readonly string[]])[]): string =>
  `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;

const contracts = deployable();
const snapshots = {
  "contracts/abi.snap.json": json(contracts.map(([name, { abi }]) => [name, signaturesOf(abi)])),
  "contracts/storage.snap.json": json(contracts.map(([name, { storageLayout }]) => [name, storageOf(storageLayout)])),
  "docs/gas.md": gasPage(),
};

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

/** Lines of `a` that `b` has not, however often. */
const missing = (a: string, b: string): string[] => {
  const there = new Set(b.split("\n"));
  return a.split("\n").filter((line) => !there.has(line));
};

for (const [name, fresh] of Object.entries(snapshots)) {
  const path = join(root, name);
  const kept = read(path);
  if (kept === fresh) continue;
  if (process.argv.includes("--update")) {
    writeFileSync(path, fresh);
    console.log(`${name} written`);
    continue;
  }
  console.error(`${name} is not what the contracts give:`);
  for (const line of missing(kept, fresh)) console.error(`  - ${line.trim()}`);
  for (const line of missing(fresh, kept)) console.error(`  + ${line.trim()}`);
  console.error("If that is meant, run: npm run snapshots -- --update");
  process.exitCode = 1;
}
if (!process.exitCode)
  console.log(`snapshots: ${contracts.length} contracts, ${Object.keys(snapshots).length} files up to date`);
