// `npm run mutants [-- --part money|arithmetic] [--seed N] [--count N] [--only TEXT] [--fresh] [--write]`: plants small faults in
// the contracts, one at a time, and says which of them no test notices. Exits with 1 below LEAST, or when a survivor has no reason.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../compile.ts";
import { readKept } from "./kept.ts";
import { type Fault, faultsOf } from "./mutators.ts";
import { PARTS, type Part } from "./parts.ts";
import { type Outcome, report } from "./report.ts";
import { readSources } from "./syntax.ts";

const LEAST = 95;
const REASONS = join(import.meta.dirname, "survivors.json");
const KEPT = join(root, "contracts/cache/mutation/noticed.json");
const REPORT = join(root, "docs/mutants.md");

const { values: options } = parseArgs({
  options: {
    part: { type: "string", default: "" },
    seed: { type: "string", default: "1" },
    count: { type: "string" },
    only: { type: "string", default: "" },
    fresh: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const parts = PARTS.filter(({ name }) => !options.part || name === options.part);
if (parts.length === 0) throw new Error(`no part ${options.part}: it is ${PARTS.map(({ name }) => name).join(" or ")}`);
if (options.write && parts.length < PARTS.length) throw new Error("--write tells of all parts: leave --part out");

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
const kept = readKept(KEPT, sources, options.fresh);

async function run(part: Part): Promise<Outcome> {
  const all = named(sources.filter(({ path }) => part.targets.test(path)).flatMap(faultsOf));
  const chosen = all
    .filter(({ name }) => name.includes(options.only))
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
    .slice(0, Number(options.count ?? part.count))
    .map((fault, i) => ({ ...fault, number: i + 1 }));
  const results = chosen.map((fault) => ({ fault, killer: kept.killerOf(fault.name, fault.path) }));
  const queue = results.filter(({ killer }) => !killer);
  const noticed = results.length - queue.length;
  console.log(
    `${part.name}: ${chosen.length} of ${all.length} faults, seed ${options.seed}; ${noticed} were noticed before`,
  );
  const workers = Math.min(queue.length, availableParallelism());
  const trials = queue.length > 0 ? await part.open(sources, chosen, workers) : undefined;
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (let trial = queue.shift(); trial; trial = queue.shift()) {
        const { name, path, line } = trial.fault;
        trial.killer = await trials!.killerOf(trial.fault);
        if (trial.killer) kept.note(name, path, trial.killer);
        const what = trial.killer ? `${trial.killer} notices` : "SURVIVES";
        console.log(`${queue.length} left; ${what} ${name} (line ${line})`);
      }
    }),
  );
  trials?.close();
  return { part, results, all: all.length };
}

const outcomes: Outcome[] = [];
for (const part of parts) outcomes.push(await run(part));

const reasons: Record<string, string> = JSON.parse(readFileSync(REASONS, "utf8"));
for (const { part, results } of outcomes) {
  const survivors = results.filter(({ killer }) => !killer).map(({ fault }) => fault);
  const unexplained = survivors.filter((fault) => !reasons[fault.name]);
  const killed = (100 * (results.length - survivors.length)) / results.length;
  for (const fault of unexplained) console.error(`no reason in survivors.json: ${fault.name} (line ${fault.line})`);
  console.log(
    `${part.name}: ${killed.toFixed(1)} % of ${results.length} faults noticed, at least ${LEAST} %; ${survivors.length} survive`,
  );
  if (killed < LEAST || unexplained.length > 0) process.exitCode = 1;
}
if (options.write) writeFileSync(REPORT, report(outcomes, { seed: options.seed, reasons }));
