// What is mutated, and who judges it.
import { join } from "node:path";
import { root } from "../compile.ts";
import { openJudges } from "./judges.ts";
import { textWith } from "./plain.ts";
import { type Numbered, writeTree } from "./schema.ts";
import type { Source } from "./syntax.ts";
import { killerOf, TREE, unfit } from "./trial.ts";

export type Trials = {
  /** What noticed a fault; undefined when nothing did. */
  readonly killerOf: (fault: Numbered) => Promise<string | undefined>;
  readonly close: () => void;
};

export type Part = {
  readonly name: string;
  readonly targets: RegExp;
  /** how many faults, unless the command says */
  readonly count: number;
  /** for the report */
  readonly words: string;
  /** @param count of faults tried at once */
  readonly open: (sources: readonly Source[], chosen: readonly Numbered[], count: number) => Promise<Trials>;
};

async function openForge(sources: readonly Source[], chosen: readonly Numbered[]): Promise<Trials> {
  writeTree(join(root, TREE), sources, chosen);
  const leftOut = await unfit();
  const but = leftOut.length > 0 ? `, but ${leftOut.join(", ")}: left out` : "";
  console.log(`all tests pass while every fault is asleep${but}`);
  return { killerOf: (fault) => killerOf(fault, leftOut), close: () => {} };
}

async function openArbiter(sources: readonly Source[], _: readonly Numbered[], count: number): Promise<Trials> {
  const judges = openJudges(count);
  const sourceOf = (path: string): Source => sources.find((source) => source.path === path)!;
  return {
    killerOf: (fault) => judges.killerOf({ path: fault.path, text: textWith(sourceOf(fault.path), fault) }),
    close: judges.close,
  };
}

export const PARTS: readonly Part[] = [
  {
    name: "money",
    targets: /^src\/((staking|market|dispute)\/|libraries\/(Merkle|Hashes)\.sol)/,
    count: 250,
    words:
      "Staking, Market and Disputes, with what they hash: the Solidity tests run against each (forge; 12 runs of each fuzzed test, 8 walks of 64 acts for the laws).",
    open: openForge,
  },
  {
    name: "arithmetic",
    targets: /^src\/(arbiter\/|libraries\/(?!Merkle|Hashes))/,
    count: 150,
    words:
      "The Arbiter, the Validator and the other pure libraries: each is compiled and asked a share of what the tests in `test/arbiter` ask, where the reference says what is right.",
    open: openArbiter,
  },
];
