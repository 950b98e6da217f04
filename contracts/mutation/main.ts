// `npm run mutants [-- --seed N] [--count N] [--only TEXT] [--fresh] [--write]`: plants small faults in the money core, one at a
// time, and says which of them no Solidity test notices. Exits with 1 below LEAST, or when a survivor has no reason.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../compile.ts";
import { readKept } from "./kept.ts";
import { type Fault, faultsOf } from "./mutators.ts";
import { report } from "./report.ts";
import { writeTree } from "./schema.ts";
import { readSources } from "./syntax.ts";
import { killerOf, TREE, unfit } from "./trial.ts";

const LEAST = 95;
const TARGETS = /^src\/((staking|market|dispute)\/|libraries\/(Merkle|Hashes)\.sol)/;
const REASONS = join(import.meta.dirname, "survivors.json");
const KEPT = join(root, "contracts/cache/mutation/noticed.json");
const REPORT = join(root, "docs/mutants.md");

const { values: options } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "300" },
    only: { type: "string", default: "" },
    fresh: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});

type Named = Fault & { readonly name: string };

/** A fault keeps its name in survivors.json when lines move; the like of it in the same function get numbers. */
function named(faults: readonly Fault[]): Named[] {
  const seen = new Map<string, number>();
  return faults.map((fault) => {
    const { path, where, original, text, form } = fault;
    const like = `${path} ${where}: ${original} → ${form === "modifier" ? "no guard" : text || "nothing"}`;
    const count = (seen.get(like) ?? 0) + 1;
    seen.set(like, count);
    return { ...fault, name: count > 1 ? `${like} (${count})` : like };
  });
}

const rank = ({ name }: Named): string => createHash("sha256").update(`${options.seed} ${name}`).digest("hex");

const sources = readSources();
const all = named(sources.filter(({ path }) => TARGETS.test(path)).flatMap(faultsOf));
const chosen = all
  .filter(({ name }) => name.includes(options.only))
  .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
  .slice(0, Number(options.count))
  .map((fault, i) => ({ ...fault, number: i + 1 }));
console.log(`${chosen.length} of ${all.length} faults, seed ${options.seed}`);

writeTree(join(root, TREE), sources, chosen);
const leftOut = await unfit();
console.log(
  `all tests pass while every fault is asleep${leftOut.length > 0 ? `, but ${leftOut.join(", ")}: left out` : ""}`,
);

const kept = readKept(KEPT, sources, options.fresh);
const results = chosen.map((fault) => ({ fault, killer: kept.killerOf(fault.name, fault.path) }));
const queue = results.filter(({ killer }) => !killer);
console.log(`${results.length - queue.length} were noticed before, ${queue.length} to try`);
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let trial = queue.shift(); trial; trial = queue.shift()) {
      const { name, path, line } = trial.fault;
      trial.killer = await killerOf(trial.fault, leftOut);
      if (trial.killer) kept.note(name, path, trial.killer);
      console.log(
        `${queue.length} left; ${trial.killer ? `${trial.killer} notices` : "SURVIVES"} ${name} (line ${line})`,
      );
    }
  }),
);

const reasons: Record<string, string> = JSON.parse(readFileSync(REASONS, "utf8"));
const survivors = results.filter(({ killer }) => !killer).map(({ fault }) => fault);
const unexplained = survivors.filter((fault) => !reasons[fault.name]);
const killed = (100 * (results.length - survivors.length)) / results.length;
for (const fault of unexplained) console.error(`no reason in survivors.json: ${fault.name} (line ${fault.line})`);
console.log(
  `${killed.toFixed(1)} % of ${results.length} faults noticed, at least ${LEAST} %; ${survivors.length} survive`,
);
if (options.write) writeFileSync(REPORT, report(results, { seed: options.seed, all: all.length, reasons }));
process.exitCode = killed >= LEAST && unexplained.length === 0 ? 0 : 1;
