// Simulates a loan book, trains the forest on it, and writes loans.onnx, accuracy.json and samples.json beside this file.
// node packages/models/loans/train.ts [--check]: with --check nothing is written; it fails where a byte would change.
import { readFileSync, writeFileSync } from "node:fs";
import { measure } from "./accuracy.ts";
import { type Application, FEATURES, simulate } from "./book.ts";
import { boost, type Forest, predict, type Settings } from "./boost.ts";
import { onnxOf } from "./onnxFile.ts";

const BOOK = { seed: 1, loans: 20_000 };
const HELD_OUT = { seed: 2, loans: 10_000 };
const SETTINGS: Settings = { trees: 48, depth: 3, rate: 0.25, ridge: 1, weight: 20, bins: 32, base: -2 };
const SAMPLES = 24;

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

const rowOf = (application: Application): number[] => FEATURES.map((name) => application[name]);

const pointsOf = (forest: Forest, application: Application): number =>
  Math.round(10_000 * predict(forest, application));

/** Every file that training makes, by its name. */
export function train(): Readonly<Record<string, Uint8Array | string>> {
  const forest = boost(simulate(BOOK.seed, BOOK.loans), SETTINGS);
  const heldOut = simulate(HELD_OUT.seed, HELD_OUT.loans);
  const judged = heldOut.map(({ application, defaulted, truth }) => ({
    risk: predict(forest, application),
    defaulted,
    truth,
  }));
  const samples = heldOut.slice(0, SAMPLES).map(({ application, defaulted }) => ({
    application: rowOf(application),
    risk: pointsOf(forest, application),
    defaulted,
  }));
  return {
    "loans.onnx": onnxOf(forest),
    "accuracy.json": json({ book: BOOK, heldOut: HELD_OUT, settings: SETTINGS, ...measure(judged) }),
    "samples.json": `{"features": ${JSON.stringify(FEATURES)}, "samples": [\n${samples.map((s) => `  ${JSON.stringify(s)}`).join(",\n")}\n]}\n`,
  };
}

const at = (name: string): URL => new URL(name, import.meta.url);

/** Names of the files that are not, to the byte, what training makes. */
export const stale = (): string[] =>
  Object.entries(train()).flatMap(([name, content]) =>
    readFileSync(at(name)).equals(Buffer.from(content)) ? [] : [name],
  );

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    const changed = stale();
    console.log(
      changed.length > 0 ? `not what training makes: ${changed.join(", ")}` : "all files are what training makes",
    );
    process.exitCode = changed.length > 0 ? 1 : 0;
  } else for (const [name, content] of Object.entries(train())) writeFileSync(at(name), content);
}
