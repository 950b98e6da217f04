import { describe, expect, test } from "vitest";
import { asked, type Case, complaints } from "./cases/case.ts";
import { ARBITER, absentCases, elementCases, lieCases, shapeCases, witnessCases } from "./cases/proofs.ts";
import { nestCases, rowCases } from "./cases/rows.ts";
import { answerOf } from "./claim.ts";
import { onEvm } from "./onEvm.ts";

const PROGRAMS = Number(process.env["ARBITER_PROGRAMS"] ?? 500);
const ELEMENTS = Number(process.env["ARBITER_ELEMENTS"] ?? 2_000);

describe("Arbiter against the reference", () => {
  const contracts = onEvm(ARBITER);

  /** How often each verdict came, and the faults named, with all answers right. */
  async function verdicts(cases: Iterable<Case>) {
    const seen = { wrong: 0, right: 0, malformed: 0 };
    const faults = new Set<number>();
    for await (const { answer, complaint } of asked(contracts, cases)) {
      expect(complaint).toBeUndefined();
      const said = answerOf(answer);
      seen[said.verdict]++;
      if (said.verdict === "malformed") faults.add(said.fault);
    }
    return { ...seen, faults };
  }

  test(`${ELEMENTS} elements of ${PROGRAMS} random Programs are right`, async () => {
    expect(await complaints(contracts, elementCases(PROGRAMS, ELEMENTS))).toEqual([]);
  }, 600_000);

  test("rows of dot folds that leave their box or their tensor are right", async () => {
    expect(await complaints(contracts, rowCases(150))).toEqual([]);
  }, 300_000);

  test("sums over nested folds are right", async () => {
    expect(await complaints(contracts, nestCases(40))).toEqual([]);
  });

  test("an element with a flipped bit is wrong, on chain as off it", async () => {
    const seen = await verdicts(lieCases(120));
    // a kernel that reads its own result through its witness's span may find its lie consistent, never malformed
    expect(seen.malformed).toBe(0);
    expect(seen.wrong).toBeGreaterThan(110);
  }, 300_000);

  test("400 mutated witnesses of honest claims: none accepted, all judged as off chain", async () => {
    const seen = await verdicts(witnessCases(400));
    expect(seen.wrong).toBe(0);
    expect(seen.malformed).toBeGreaterThan(350);
    expect(seen.faults.size).toBeGreaterThanOrEqual(5);
  }, 300_000);

  test("a kernel or element that does not exist is malformed", async () => {
    expect(await complaints(contracts, absentCases())).toEqual([]);
  });

  test("a source committed with another dtype or length is a wrong shape", async () => {
    const seen = await verdicts(shapeCases(60));
    expect(seen.wrong).toBeGreaterThan(5);
    expect(seen.right).toBeGreaterThan(5);
    expect(seen.malformed).toBeGreaterThan(0);
  });
});
