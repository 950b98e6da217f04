import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const main = fileURLToPath(import.meta.resolve("@opengradient/cli/main"));

type Line = Record<string, unknown>;
type Told = { readonly code: number; readonly lines: readonly Line[] };

async function demo(...args: readonly string[]): Promise<Told> {
  const run = promisify(execFile)(process.execPath, [main, "demo", "--json", ...args], { maxBuffer: 1 << 26 });
  const { stdout, code } = await run.then(
    ({ stdout }) => ({ stdout, code: 0 }),
    (error: { stdout: string; code: number }) => error,
  );
  return {
    code,
    lines: stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Line),
  };
}

const endings = ({ lines }: Told): readonly Line[] => lines.filter((line) => "outcome" in line);
const books = ({ lines }: Told): Line => lines.at(-1)!;

describe("og demo", () => {
  const honest = demo("--lie", "none");

  test("with --lie none slashes nobody", async () => {
    const told = await honest;
    expect(told.code).toBe(0);
    expect(endings(told).map(({ outcome, shares }) => [outcome, shares])).toEqual([["final", undefined]]);
    expect(books(told)).toMatchObject({ holds: true });
    const change = (books(told)["balances"] as Line[]).find(({ holder }) => holder === "Staking");
    expect(change).toMatchObject({ expectedChange: "0" });
  });

  test("shows one honest answer and every lie, which falls", async () => {
    const told = await demo("--seed", "3");
    expect(told.code).toBe(0);
    expect(endings(told).map(({ story, outcome }) => [story, outcome])).toEqual([
      ["none", "final"],
      ["output", "void"],
      ["middle", "void"],
      ["weights", "void"],
      ["silent", "void"],
      ["withhold", "void"],
    ]);
    expect((books(told)["laws"] as Line[]).every(({ holds }) => holds)).toBe(true);
    expect(books(told)["milliseconds"]).toBeLessThan(60_000);
  });

  test("gives other images, roots and answers for other seeds, and the same for the same", async () => {
    const first = await honest;
    const [again, other] = await Promise.all([demo("--lie", "none"), demo("--lie", "none", "--seed", "5")]);
    const facts = (told: Told) => {
      const [{ inputRoot, label, receipt, claimed }] = endings(told) as [Line];
      const { input, output } = (receipt as { claim: Line }).claim;
      return { inputRoot, label, input, output, claimed };
    };
    expect(facts(again)).toEqual(facts(first));
    for (const key of ["inputRoot", "input", "output", "claimed"] as const)
      expect(facts(other)[key]).not.toEqual(facts(first)[key]);
  });
});
