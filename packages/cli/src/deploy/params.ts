import { checkClocks, exposure, greater, type Parameters, type SystemOptions } from "@opengradient/protocol";
import { parseGwei, zeroAddress } from "viem";
import { z } from "zod";
import { CommandError } from "../failure.ts";
import { opg, seconds } from "../words.ts";
import { type Allocation, addressText, opgText } from "./genesis.ts";
import { readJson } from "./json.ts";

const DAY = 86_400;
const clock = (days: number) =>
  z
    .int()
    .min(1)
    .max(days * DAY);
/** 10²⁷ units: all OPG there is. */
const MOST_OPG = 10n ** 27n;

/** The bounds that the contracts check: a constructor that reverts half way would spoil a deployment. */
const tier = z.strictObject({
  window: clock(7),
  reaction: clock(2),
  answer: clock(7),
  freeze: clock(7),
  grace: clock(7),
  auditBps: z.int().min(0).max(3000),
  burnBps: z.int().min(100).max(3000),
  delivery: z.int().min(0).max(2),
  minCoverage: opgText.refine((amount) => amount >= 1n && amount <= MOST_OPG),
  maxCoverage: opgText.refine((amount) => amount <= MOST_OPG),
});

const schema = z.strictObject({
  /** seconds after which a transaction gets in against the sequencer's will; 0 on an L1 */
  forceInclusion: z.int().min(0),
  faultBond: opgText.refine((amount) => amount >= 4n && amount <= MOST_OPG),
  thawPeriod: z
    .int()
    .min(60)
    .max(180 * DAY),
  proofBond: opgText.refine((amount) => amount >= 1n && amount <= MOST_OPG),
  channelThaw: z
    .int()
    .min(60)
    .max(30 * DAY),
  baseFeeFloorGwei: z
    .string()
    .regex(/^\d+(\.\d{1,9})?$/)
    .transform((text) => parseGwei(text))
    .refine((wei) => wei >= 1n && wei <= 100n * 10n ** 9n, { error: "1 wei to 100 gwei" }),
  auditPool: addressText,
  /** null: none, until a vote names one */
  guardian: addressText.nullable(),
  tiers: z.array(tier).min(1).max(16),
});

/** The parameters of a system. @throws CommandError, UnsafeClocksError */
export function readParams(path: string, genesis: readonly Allocation[], devnet: boolean): SystemOptions {
  const { forceInclusion, baseFeeFloorGwei, guardian, ...same } = readJson(path, schema);
  const { tiers, thawPeriod, faultBond } = same;
  for (const [i, one] of tiers.entries()) checkTier(`${path}: tier ${i + 1}`, one, { first: tiers[0]!, thawPeriod });
  if (BigInt(same.auditPool) === 0n) throw new CommandError(`${path}: auditPool is the zero address`);
  const largest = genesis.reduce((most, { amount }) => greater(most, amount), 0n);
  if (faultBond > largest)
    throw new CommandError(`${path}: faultBond ${opg(faultBond)}: no holder of the genesis has that much to stake`);
  if (!devnet) for (const one of tiers) checkClocks(one, forceInclusion);
  return {
    ...same,
    genesis,
    guardian: guardian ?? zeroAddress,
    baseFeeFloor: baseFeeFloorGwei,
    chain: devnet ? "devnet" : { forceInclusion },
  };
}

function checkTier(
  where: string,
  tier: Parameters,
  { first, thawPeriod }: { first: Parameters; thawPeriod: number },
): void {
  const { freeze, minCoverage, maxCoverage } = tier;
  if (freeze !== first.freeze)
    throw new CommandError(`${where}: freeze ${freeze}: all tiers have one, here ${first.freeze}`);
  if (maxCoverage < minCoverage)
    throw new CommandError(`${where}: maxCoverage ${opg(maxCoverage)} is below minCoverage ${opg(minCoverage)}`);
  const longest = exposure(tier);
  if (thawPeriod < longest)
    throw new CommandError(
      `${where}: its claims may stay open for ${longest} s (${seconds(longest)}), and thawPeriod is ${thawPeriod} s: stake must outlive them`,
    );
}
