/** npm run bench -- [--write] [--json FILE] [--models DIR [--shape NAME=DIMS]… [--set NAME=VALUE]…] [--only NAME]… [--threads 1,2] [--rounds N] [--profile] */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchmark, type Row } from "./benchmark.ts";
import { defaultModels, type Model, modelsIn } from "./models.ts";
import { printProfile } from "./profile.ts";
import { heading, lineOf, machine, page, type Refusal, summary } from "./report.ts";

const root = join(import.meta.dirname, "..");

/** "ids=1,128" */
function namedNumbers(option: string, given: readonly string[]): Record<string, number[]> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, numbers] = /^(.+)=(\d+(?:,\d+)*)$/.exec(text) ?? [];
      if (name === undefined) throw new Error(`${option} ${text}: write NAME=NUMBERS, such as ids=1,128`);
      return [name, numbers!.split(",").map(Number)];
    }),
  );
}

function versions(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "package.json"), "utf8"));
  return dependencies;
}

const { values } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    json: { type: "string" },
    models: { type: "string" },
    only: { type: "string", multiple: true, default: [] },
    shape: { type: "string", multiple: true, default: [] },
    set: { type: "string", multiple: true, default: [] },
    threads: { type: "string", default: "1,2" },
    rounds: { type: "string", default: "21" },
    profile: { type: "boolean", default: false },
  },
});

async function chosenModels(): Promise<Model[]> {
  const { models, missing } = values.models
    ? {
        models: modelsIn(values.models, {
          shapes: namedNumbers("--shape", values.shape),
          set: Object.fromEntries(
            Object.entries(namedNumbers("--set", values.set)).map(([name, [one]]) => [name, one!]),
          ),
        }),
        missing: [],
      }
    : await defaultModels();
  if (missing.length > 0) console.log(`left out, ../shared/data is not here: ${missing.join(", ")}`);
  const isWanted = ({ name }: Model): boolean =>
    values.only.length === 0 || values.only.some((part) => name.toLowerCase().includes(part.toLowerCase()));
  return models.filter(isWanted);
}

const MOST_KERNELS = 25;

async function measure(models: readonly Model[]): Promise<void> {
  const rounds = Math.max(15, Number(values.rounds) || 0);
  const threads = [...new Set([1, ...values.threads.split(",").map(Number)])];
  const rows: Row[] = [];
  const refused: Refusal[] = [];
  console.log(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${rounds} interleaved rounds`);
  console.log("milliseconds a run on one thread (medians), input copy included");
  console.log(heading());
  for (const model of models) {
    try {
      rows.push(await benchmark(model, threads, rounds));
      console.log(lineOf(rows.at(-1)!));
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, 200);
      refused.push({ name: model.name, reason });
      console.log(`${model.name.padEnd(28)} left out: ${reason}`);
    }
  }
  for (const line of summary(rows)) console.log(line);
  if (values.json)
    writeFileSync(values.json, `${JSON.stringify({ machine, rounds, models: rows, refused }, null, 2)}\n`);
  const report = { rows, refused, rounds, versions: versions(), date: new Date().toISOString().slice(0, 10) };
  if (values.write) writeFileSync(join(root, "docs/performance.md"), page(report));
}

const models = await chosenModels();
if (models.length === 0) throw new Error("no model to measure: look at --models and --only");
if (values.profile) for (const model of models) await printProfile(model, MOST_KERNELS).catch(console.error);
else await measure(models);
