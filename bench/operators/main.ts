/**
 * npm run fuzz:operators -- [--only FAMILY]… [--count N] [--seed N] [--show N] [--reasons]
 * Random single operators, ours beside onnxruntime's. --only takes the beginnings of names of families, --count is
 * the cases of each, --show how many differences of each are printed, --reasons why cases could not be compared.
 * Exit code 1 where an answer differs or we crash.
 */
import { parseArgs } from "node:util";
import { type Answer, onnxruntime, ours } from "./answers.ts";
import { type Case, type Family, randomOf } from "./cases.ts";
import { FAMILIES } from "./families.ts";
import { fileOf } from "./file.ts";
import { type Counts, heading, lineOf, none, printCases, printReasons, type Tried } from "./report.ts";
import { KINDS, verdictOf } from "./verdict.ts";

type Options = {
  readonly families: readonly (readonly [string, Family])[];
  readonly count: number;
  readonly seed: number;
  readonly show: number;
  readonly reasons: boolean;
};

function wholeNumber(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${option} ${text}: write a whole number`);
  return Number(text);
}

function chosenFamilies(only: readonly string[]): Options["families"] {
  const starts = (name: string, part: string): boolean => name.toLowerCase().startsWith(part.toLowerCase());
  const all = Object.entries(FAMILIES);
  const unknown = only.find((part) => !all.some(([name]) => starts(name, part)));
  if (unknown !== undefined)
    throw new Error(`--only ${unknown}: no family begins so; there are ${all.map(([name]) => name).join(", ")}`);
  return only.length === 0 ? all : all.filter(([name]) => only.some((part) => starts(name, part)));
}

function optionsOf(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true, default: [] },
      count: { type: "string", default: "200" },
      seed: { type: "string", default: "1" },
      show: { type: "string", default: "3" },
      reasons: { type: "boolean", default: false },
    },
  });
  return {
    families: chosenFamilies(values.only),
    count: wholeNumber("count", values.count),
    seed: wholeNumber("seed", values.seed),
    show: wholeNumber("show", values.show),
    reasons: values.reasons,
  };
}

type Theirs = (file: Uint8Array, one: Case) => Promise<Answer>;

async function tryFamily(family: Family, { count, seed }: Options, theirs: Theirs): Promise<Tried[]> {
  const tried: Tried[] = [];
  for (let n = 0; n < count; n++) {
    const one = family(randomOf(seed * 1000003 + n));
    const file = fileOf(one);
    const want = await theirs(file, one);
    tried.push({ n, one, verdict: verdictOf(one, ours(file, one), want) });
  }
  return tried;
}

function countsOf(tried: readonly Tried[]): Counts {
  const counts = none();
  for (const { verdict } of tried) counts[verdict.kind]++;
  return counts;
}

async function fuzz(options: Options): Promise<Counts> {
  const theirs = await onnxruntime();
  const totals = none();
  console.log(heading());
  for (const [name, family] of options.families) {
    const tried = await tryFamily(family, options, theirs);
    const counts = countsOf(tried);
    for (const kind of KINDS) totals[kind] += counts[kind];
    console.log(lineOf(name, counts));
    printCases(tried, options.show);
    if (options.reasons) printReasons(tried);
  }
  console.log(lineOf("in all", totals));
  return totals;
}

try {
  const { differs, crashed } = await fuzz(optionsOf());
  process.exitCode = differs + crashed > 0 ? 1 : 0;
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : cause);
  process.exitCode = 1;
}
