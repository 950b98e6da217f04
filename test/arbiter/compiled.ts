import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { compile, root } from "../../contracts/compile.ts";
import type { Artifact } from "./evm.ts";

/** One file of the contracts with another text; `path` is like `src/arbiter/Scalar.sol`. */
export type Changed = { readonly path: string; readonly text: string };

type Compiled = { readonly abi: Artifact["abi"]; readonly evm: { readonly bytecode: { readonly object: string } } };

/** The contract of a source file, compiled as Hardhat does it, with one file changed or none. @throws Error when it does not compile */
export function compiled(sourceName: string, changed?: Changed): Artifact {
  const source = `contracts/${sourceName}`;
  const sources = new Map([[source, readFileSync(join(root, source), "utf8")]]);
  if (changed) sources.set(`contracts/${changed.path}`, changed.text);
  const { contracts } = compile<never, Compiled>(sources, {
    optimizer: { enabled: true, runs: 10_000 },
    outputSelection: { [source]: { "*": ["abi", "evm.bytecode.object"] } },
  });
  const { abi, evm } = contracts[source]![basename(sourceName, ".sol")]!;
  return { sourceName, abi, bytecode: `0x${evm.bytecode.object}` };
}

/** The files of the contracts that one is made of, itself included. */
export function filesOf(sourceName: string, found = new Set<string>()): Set<string> {
  const file = join(root, "contracts", sourceName);
  if (found.has(sourceName) || !existsSync(file)) return found;
  found.add(sourceName);
  for (const [, path] of readFileSync(file, "utf8").matchAll(/ from "(\.[^"]+)";/g))
    filesOf(join(dirname(sourceName), path!), found);
  return found;
}
