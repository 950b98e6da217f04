// A process that asks mutants of the Arbiter's contracts what the tests here ask, and says which question they get wrong.
// `npm run mutants` starts it and sends it changed files; it answers each with what came of it.
import { answered, type Case } from "./cases/case.ts";
import { COST_HARNESS, costCases } from "./cases/cost.ts";
import { byteCases, DOT_HARNESS, edgeRowCases, longRowCases, shortRowCases } from "./cases/dot.ts";
import { F32_HARNESS, OPERATIONS, operationCases } from "./cases/f32.ts";
import { limitCases } from "./cases/limits.ts";
import { ARBITER, absentCases, elementCases, lieCases, shapeCases, witnessCases } from "./cases/proofs.ts";
import { nestCases, rowCases } from "./cases/rows.ts";
import { TENSORS_HARNESS, tensorCases } from "./cases/tensors.ts";
import { descriptorCases, headerCases, VALIDATOR, validCases } from "./cases/validity.ts";
import { type Changed, compiled, filesOf } from "./compiled.ts";
import { type Deployed, openEvm } from "./evm.ts";

/** The case that noticed, if one did. */
export type Judgement = { readonly killer?: string };

/** Here a mutant that runs in a circle is stopped, which EDR keeps every step of, in gigabytes; no case needs as much. */
const CALL_GAS = 100_000_000n;

/** A share of what the tests ask, the nearest to a file first. */
const LISTS: readonly { readonly source: string; readonly cases: () => Case[] }[] = [
  { source: F32_HARNESS, cases: () => OPERATIONS.flatMap((operation) => [...operationCases(operation, 2_000)]) },
  { source: DOT_HARNESS, cases: () => [...longRowCases(), ...byteCases(), ...edgeRowCases(), ...shortRowCases(20)] },
  { source: TENSORS_HARNESS, cases: () => [...tensorCases()] },
  { source: COST_HARNESS, cases: () => [...costCases(80)] },
  {
    source: VALIDATOR,
    cases: () =>
      [...validCases(40), ...limitCases(), ...headerCases(300), ...descriptorCases(1_000)].filter(of(VALIDATOR)),
  },
  {
    source: ARBITER,
    cases: () => [
      ...absentCases(),
      ...elementCases(150, 300),
      ...rowCases(150),
      ...nestCases(20),
      ...lieCases(40),
      ...shapeCases(60),
      ...witnessCases(200),
      ...[...descriptorCases(1_000)].filter(of(ARBITER)),
    ],
  },
];

function of(source: string) {
  return (question: Case): boolean => question.source === source;
}

const evm = await openEvm(CALL_GAS);
const known = new Map<string, readonly Case[]>();

/** The questions to a contract; the first judge makes sure that the true one answers them without a fault. */
async function questionsTo(source: string): Promise<readonly Case[]> {
  const before = known.get(source);
  if (before) return before;
  const cases = LISTS.find((list) => list.source === source)!.cases();
  const killer = process.argv.includes("--first") && (await killerOf(await evm.deploy(compiled(source)), cases));
  if (killer) throw new Error(`the true ${source} does not pass: ${killer}`);
  known.set(source, cases);
  return cases;
}

/** What throws, for want of gas or of an answer that can be read, is noticed too. */
async function killerOf(deployed: Deployed, cases: readonly Case[]): Promise<string | undefined> {
  for (const question of cases) {
    const { complaint } = await answered(deployed, question).catch((error: unknown) => ({ complaint: String(error) }));
    if (complaint !== undefined) return `${question.source.split("/").at(-1)}, ${question.name}`;
  }
  return undefined;
}

async function judge(changed: Changed): Promise<Judgement> {
  for (const { source } of LISTS) {
    if (!filesOf(source).has(changed.path)) continue;
    const cases = await questionsTo(source);
    const killer = await killerOf(await evm.deploy(compiled(source, changed)), cases);
    if (killer !== undefined) return { killer };
  }
  return {};
}

process.on("message", async (changed: Changed) => {
  const judgement = await judge(changed);
  process.send!(judgement);
});
process.on("disconnect", () => process.exit());
