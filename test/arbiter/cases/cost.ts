// The formula of docs/spec/cost.md in Solidity, beside the one in TypeScript.
import { toHex } from "@opengradient/commitments";
import { costOf, encodeHeader, encodeKernel, factsOf } from "@opengradient/program";
import { programOfSeed } from "@opengradient/program/random";
import type { Case } from "./case.ts";

export const COST_HARNESS = "test/arbiter/CostHarness.sol";

/** Every kernel of `programs` random Programs. */
export function* costCases(programs: number): Generator<Case> {
  for (let seed = 1; seed <= programs; seed++) {
    const program = programOfSeed(seed);
    const facts = factsOf(program);
    const header = toHex(encodeHeader(program));
    for (const [k, kernel] of program.kernels.entries()) {
      const { gas, bytes } = costOf(facts, k, kernel);
      yield {
        name: `seed ${seed} kernel ${k}`,
        source: COST_HARNESS,
        call: "cost",
        args: [header, k, toHex(encodeKernel(kernel, k))],
        fault: (answer) => (String(answer) === `${gas},${bytes}` ? undefined : `${answer}, not ${gas},${bytes}`),
      };
    }
  }
}
