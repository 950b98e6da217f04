import { type AbiParameter, encodeAbiParameters, type Hex, keccak256 } from "viem";

/** Clocks (seconds), fee split (basis points of the fee) and bounds (OPG) of one tier: docs/spec/claim.md. */
export type Parameters = {
  /** W, from the post */
  readonly window: number;
  /** R, after each answer */
  readonly reaction: number;
  /** A, to answer a demand */
  readonly answer: number;
  /** F, how long claims of a jailed operator stay open to challenge */
  readonly freeze: number;
  /** C, from a commit to its proof, and from quietAt to final */
  readonly grace: number;
  readonly auditBps: number;
  readonly burnBps: number;
  /** how a contract gets its result, one of `DELIVERY` */
  readonly delivery: number;
  readonly minCoverage: bigint;
  readonly maxCoverage: bigint;
};

/** Modes of a tier: the requester takes the result; it is brought once posted, and again if it falls; once it is final. */
export const DELIVERY = { pull: 0, fast: 1, final: 2 } as const;

const record = [
  { name: "window", type: "uint32" },
  { name: "reaction", type: "uint32" },
  { name: "answer", type: "uint32" },
  { name: "freeze", type: "uint32" },
  { name: "grace", type: "uint32" },
  { name: "auditBps", type: "uint16" },
  { name: "burnBps", type: "uint16" },
  { name: "delivery", type: "uint8" },
  { name: "minCoverage", type: "uint128" },
  { name: "maxCoverage", type: "uint128" },
] as const satisfies readonly AbiParameter[];

/** keccak256(abi.encode(parameters)): what `Claim.parameters` holds. */
export const parametersHash = (parameters: Parameters): Hex =>
  keccak256(encodeAbiParameters([{ type: "tuple", components: record }], [parameters]));

const HOUR = 3600;

/** Bounded by minutes of test time; not for value. */
export const devnetParameters: Parameters = {
  window: 120,
  reaction: 60,
  answer: 60,
  freeze: 600,
  grace: 60,
  auditBps: 500,
  burnBps: 500,
  delivery: 0,
  minCoverage: 10n ** 18n,
  maxCoverage: 10_000n * 10n ** 18n,
};

/** Twice the time to challenge, for what is worth waiting for. */
const devnetStrict: Parameters = { ...devnetParameters, window: 240, reaction: 120 };

/** The tiers of a devnet: quick and strict, in every mode. The first is for whoever is no contract. */
export const devnetTiers: readonly Parameters[] = [devnetParameters, devnetStrict].flatMap((tier) =>
  Object.values(DELIVERY).map((delivery) => ({ ...tier, delivery })),
);

/** Twelve hours above the longest that a rollup may keep an operator's answer out. */
export const leastAnswerTime = (forceInclusion: number): number => forceInclusion + 12 * HOUR;

/** Clocks under which an honest operator with a censoring sequencer would be slashed, or a challenger has no time. */
export class UnsafeClocksError extends Error {
  override readonly name = "UnsafeClocksError";
}

/**
 * What the deployment of a real chain checks of every tier.
 * @param forceInclusion seconds after which a transaction gets in against the sequencer's will; 0 on an L1
 * @throws UnsafeClocksError
 */
export function checkClocks(parameters: Parameters, forceInclusion: number): void {
  const least = leastAnswerTime(forceInclusion);
  if (parameters.answer < least)
    throw new UnsafeClocksError(
      `answer time A is ${parameters.answer} s and must be at least ${least} s ` +
        `(force inclusion ${forceInclusion} s + 12 h): raise A, or deploy as a devnet`,
    );
}

/** Seconds from a signature to the last moment at which its claim may fall: 48 h + 2W + F + 12(A + R) + C. */
export const exposure = ({ window, freeze, answer, reaction, grace }: Parameters): number =>
  48 * HOUR + 2 * window + freeze + 12 * (answer + reaction) + grace;
