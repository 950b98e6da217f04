import { toHex } from "@opengradient/commitments";
import { type Committed, type Program, runReference, type Statement, type Tensor } from "@opengradient/program";
import { claimOf as commitmentsOf, type Run } from "../../packages/program/test/programs.ts";
import { Revert } from "./evm.ts";

/** A run with what it commits to, as its operator knows it and as the chain does. */
export type Claim = Run & { readonly program: Program; readonly committed: Committed; readonly statement: Statement };

export const claimOf = (program: Program, run: Run): Claim => ({ ...run, program, ...commitmentsOf(program, run) });

/** What an honest operator claims. */
export function honestClaim(program: Program, weights: readonly Tensor[], inputs: readonly Tensor[]): Claim {
  return claimOf(program, { weights, inputs, results: runReference(program, weights, inputs) });
}

export const rootsOf = ({ program, statement }: Claim) => ({
  programRoot: toHex(statement.programRoot),
  weightsRoot: toHex(statement.weightsRoot),
  inputRoot: toHex(statement.inputRoot),
  outputRoot: toHex(statement.outputRoot),
  traceRoot: toHex(statement.traceRoot),
  traceSalt: toHex(statement.traceSalt),
  kernels: program.kernels.length,
  inputs: program.inputs.length,
  weights: program.weights.length,
  outputs: program.outputs.map(({ kernel }) => kernel),
});

/** How the Arbiter answered. */
export type Answer =
  | { readonly verdict: "wrong" }
  | { readonly verdict: "right"; readonly value: number }
  | { readonly verdict: "malformed"; readonly fault: number; readonly position: number };

/** The arguments of `proveElement`. */
export const proofOf = (claim: Claim, k: number, e: number, witness: Uint8Array): readonly unknown[] => [
  rootsOf(claim),
  k,
  e,
  toHex(witness),
];

/** What the Arbiter's answer to `proveElement` says. @throws what is none of its own answers */
export function answerOf(answer: unknown): Answer {
  if (!(answer instanceof Revert)) return { verdict: "wrong" };
  const { errorName, args } = answer;
  if (errorName === "ArbiterElementRight") return { verdict: "right", value: Number(args[2]) };
  if (errorName === "ArbiterShapeRight") return { verdict: "right", value: Number(args[3]) };
  if (errorName === "ArbiterWitness")
    return { verdict: "malformed", fault: Number(args[0]), position: Number(args[1]) };
  throw answer;
}

/** The stored element as unsigned bits. */
export function storedBits(data: Uint8Array, width: number, e: number): number {
  let bits = 0;
  for (let i = width - 1; i >= 0; i--) bits = bits * 256 + (data[width * e + i] ?? 0);
  return bits;
}
