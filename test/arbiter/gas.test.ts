import { costOf, factsOf, type Kernel, resultElements, witnessElement } from "@opengradient/program";
import { programOfSeed, type Random, randomFrom, randomTensors } from "@opengradient/program/random";
import { describe, expect, test } from "vitest";
import { complaints } from "./cases/case.ts";
import { COST_HARNESS, costCases } from "./cases/cost.ts";
import { ARBITER } from "./cases/proofs.ts";
import { type Claim, claimOf, honestClaim, proofOf } from "./claim.ts";
import { type DotOptions, dotOf, exponents } from "./dotOf.ts";
import { onEvm } from "./onEvm.ts";

const ELEMENTS = Number(process.env["GAS_ELEMENTS"] ?? 300);
/** What the formula holds beside `prove` itself: the court's part (opening, verdict, waterfall). */
const COURT = 60_000;

/** The claim with one bit of element e of kernel k flipped, so that proving it succeeds. */
function lieAbout(claim: Claim, k: number, e: number): Claim {
  const kernel = claim.program.kernels[k]!;
  const width = kernel.outType < 2 ? 4 : 1;
  const results = claim.results.map((data, i) => (i === k ? Uint8Array.from(data) : data));
  results[k]![e * width]! ^= 1;
  return claimOf(claim.program, { ...claim, results });
}

/** A kernel that reads itself sees its own lie: such elements are proven through another's. */
const readsItself = (kernel: Kernel, k: number): boolean =>
  kernel.accesses.some(({ space, index }) => space === 2 && index === k);

const dotClaim = (options: DotOptions): Claim => {
  const { program, weights, inputs } = dotOf(options);
  return honestClaim(program, weights, inputs);
};

describe("gas of a proof", () => {
  const [arbiter, harness] = onEvm(ARBITER, COST_HARNESS);
  /** Gas of the transaction, and the share of what the formula allows it. */
  async function prove(honest: Claim, k: number, e: number): Promise<{ gas: number; bytes: number; share: number }> {
    const lie = lieAbout(honest, k, e);
    const witness = witnessElement(lie.program, k, e, lie.committed);
    const { gas: most, bytes: mostBytes } = costOf(factsOf(lie.program), k, lie.program.kernels[k]!);
    expect(witness.length).toBeLessThanOrEqual(mostBytes);
    const gas = Number(await arbiter.transact("proveElement", proofOf(lie, k, e, witness)));
    return { gas, bytes: witness.length, share: gas / (most - COURT) };
  }

  test(`${ELEMENTS} elements of random Programs stay below the formula`, async () => {
    let [worst, name] = [0, ""];
    let elements = 0;
    for (let seed = 1; elements < ELEMENTS; seed++) {
      const program = programOfSeed(seed);
      const random = randomFrom(seed + 77);
      const { weights, inputs } = randomTensors(random, program);
      const honest = honestClaim(program, weights, inputs);
      for (const [k, kernel] of program.kernels.entries()) {
        if (readsItself(kernel, k)) continue;
        const e = random.below(resultElements(kernel));
        const { gas, share } = await prove(honest, k, e);
        elements++;
        if (share > worst) [worst, name] = [share, `seed ${seed} kernel ${k} element ${e}: ${gas} gas`];
      }
    }
    console.log(`most of the formula used: ${(100 * worst).toFixed(1)} % by ${name}`);
    expect(worst).toBeLessThan(1);
  }, 300_000);

  test("a dot product of 1,024 f32: below 1 M on ordinary operands, below 1.3 M on any", async () => {
    const cases: Record<string, (random: Random, i: number) => number> = {
      ordinary: exponents(120, 130),
      "half zero": (random, i) => (i % 2 ? 0 : exponents(120, 130)(random)),
      denormal: (random, i) => (i < 1024 ? exponents(0, 0)(random) : exponents(120, 150)(random)),
      "any finite": exponents(0, 254),
      large: exponents(188, 192),
    };
    const gas: Record<string, number> = {};
    for (const [name, fill] of Object.entries(cases)) {
      const proof = await prove(dotClaim({ n: 1024, dtype: 0, fill }), 0, 2);
      gas[name] = proof.gas;
      expect(proof.share).toBeLessThan(1);
    }
    console.log("a dot product of 1,024 f32:", gas);
    expect(gas.ordinary).toBeLessThan(1_000_000);
    expect(Math.max(...Object.values(gas))).toBeLessThan(1_300_000);
  });

  test("a dot product of 1,024 i8: below 0.32 M", async () => {
    const { gas, share } = await prove(dotClaim({ n: 1024, dtype: 2, fill: (random) => random.below(256) }), 0, 1);
    console.log("a dot product of 1,024 i8:", gas);
    expect(gas).toBeLessThan(320_000);
    expect(share).toBeLessThan(1);
  });

  test("the formula in Solidity is the formula in TypeScript", async () => {
    expect(await complaints([harness], costCases(150))).toEqual([]);
  });
});
