import { programOfSeed } from "@opengradient/program/random";
import { describe, expect, test } from "vitest";
import { asked, complaints } from "./cases/case.ts";
import { limitCases } from "./cases/limits.ts";
import { ARBITER } from "./cases/proofs.ts";
import { descriptorCases, headerCases, page, VALIDATOR, validCases } from "./cases/validity.ts";
import { onEvm } from "./onEvm.ts";

const MUTATIONS = Number(process.env["VALIDATOR_MUTATIONS"] ?? 10_000);

describe("Validator against packages/program", () => {
  const contracts = onEvm(VALIDATOR, ARBITER);
  const [validator] = contracts;

  test("valid Programs are valid, and their facts are right", async () => {
    expect(await complaints(contracts, validCases(60))).toEqual([]);
  });

  test(`${MUTATIONS} mutated descriptors are refused, and accepted, by both; the Arbiter runs a third of what is accepted`, async () => {
    const wrong: string[] = [];
    let asks = 0;
    for await (const { complaint } of asked(contracts, descriptorCases(MUTATIONS))) {
      asks++;
      if (complaint !== undefined) wrong.push(complaint);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    const proven = asks - MUTATIONS;
    expect(proven).toBeGreaterThan(MUTATIONS / 60);
  }, 900_000);

  test("kernels and headers at each limit, and one step beyond it", async () => {
    expect(await complaints(contracts, limitCases())).toEqual([]);
  }, 300_000);

  test("mutated headers are refused, and accepted, by both", async () => {
    expect(await complaints(contracts, headerCases(MUTATIONS / 20))).toEqual([]);
  });

  test("gas of a kernel", async () => {
    const worst: [number, string] = [0, ""];
    let [sum, kernels] = [0, 0];
    for (let seed = 1; seed <= 40; seed++) {
      const program = programOfSeed(seed);
      const gas = Number(await validator.transact("checkKernels", page(program)));
      const each = (gas - 21_000) / program.kernels.length;
      sum += gas - 21_000;
      kernels += program.kernels.length;
      if (each > worst[0]) worst.splice(0, 2, each, `seed ${seed}`);
    }
    console.log(`a kernel: ${Math.round(sum / kernels)} gas on average, ${Math.round(worst[0])} at most (${worst[1]})`);
    if (!process.env["HARDHAT_COVERAGE"]) expect(sum / kernels).toBeLessThan(150_000);
  });
});
