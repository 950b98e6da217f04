import { OBJECT } from "@opengradient/commitments";
import { inputShape, listLeaves, type Prices, resultShape, shapeLeaves } from "@opengradient/dispute";
import type { Program } from "@opengradient/program";
import { answerGas, type Claim, demandPrice, greater, openingPrice } from "@opengradient/protocol";

/** Gas of sending a demand, beside its price. */
export const DEMAND_GAS = 120_000n;
export const COMMIT_GAS = 80_000n;
const PROVE_GAS = 3_000_000n;
export const EXPIRE_GAS = 250_000n;

export type PriceFacts = {
  readonly claim: Claim;
  readonly program: Program;
  readonly baseFee: bigint;
  /** below which the price of a demand does not follow the base fee, wei */
  readonly floor: bigint;
  /** OPG of a commit */
  readonly bond: bigint;
};

/** What each act is likely to cost, for the log and for budgets; the contract has the last word. */
export function challengerPrices({ claim, program, baseFee, floor, bond }: PriceFacts): Prices {
  const priced = greater(baseFee, floor);
  const gas = (amount: bigint) => ({ native: amount * baseFee, opg: 0n });
  return {
    demand(position) {
      const { object, tensor } = position;
      if (object === OBJECT.claim)
        return {
          native: demandPrice(answerGas(position, 1, 0), priced),
          opg: openingPrice(claim.fee, claim.coverage),
        };
      const leaves =
        object === OBJECT.inputTensor
          ? shapeLeaves(inputShape(program, tensor))
          : object === OBJECT.resultTensor
            ? shapeLeaves(resultShape(program.kernels[tensor]!))
            : listLeaves(program, position);
      return { native: demandPrice(answerGas(position, leaves, program.outputs.length), priced), opg: 0n };
    },
    commit: { ...gas(COMMIT_GAS), opg: bond },
    prove: gas(PROVE_GAS),
    expire: gas(EXPIRE_GAS),
  };
}
