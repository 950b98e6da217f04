import { OBJECT, type Position } from "@opengradient/commitments";
import { inputShape, listLeaves, type Prices, resultShape, shapeLeaves } from "@opengradient/dispute";
import type { Program } from "@opengradient/program";
import { answerGas, type Claim, demandPrice, greater, openingPrice } from "@opengradient/protocol";

/** Gas of sending a demand, beside its price. */
export const DEMAND_GAS = 120_000n;
export const COMMIT_GAS = 80_000n;
/** What the court adds to the bound of a kernel in `prove`: docs/spec/cost.md. */
export const COURT_GAS = 200_000n;
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
    demand: (position) => ({
      native: demandPrice(answerGasOf(program, position), priced),
      opg: position.object === OBJECT.claim ? openingPrice(claim.fee, claim.coverage) : 0n,
    }),
    commit: { ...gas(COMMIT_GAS), opg: bond },
    prove: gas(PROVE_GAS),
    expire: gas(EXPIRE_GAS),
  };
}

/** Gas of answering a demand, for which its price pays. */
export function answerGasOf(program: Program, position: Position): bigint {
  const { object, tensor } = position;
  if (object === OBJECT.claim) return answerGas(position, 1, 0);
  const leaves =
    object === OBJECT.inputTensor
      ? shapeLeaves(inputShape(program, tensor))
      : object === OBJECT.resultTensor
        ? shapeLeaves(resultShape(program.kernels[tensor]!))
        : listLeaves(program, position);
  return answerGas(position, leaves, program.outputs.length);
}
