/** Who gets what when a claim falls; total = victim + challenger + burn. OPG's smallest unit. */
export type Shares = {
  readonly total: bigint;
  readonly victim: bigint;
  readonly challenger: bigint;
  readonly burn: bigint;
};

/** An operator's stake behind a claim, per unit of coverage. */
export const LOCK_MULTIPLE = 3n;

/**
 * The waterfall of docs/spec/claim.md.
 * @param coverage c of the claim
 * @param faultBond M on the operator's first fault since M was last made up, else 0
 */
export function waterfall(coverage: bigint, faultBond: bigint): Shares {
  const total = LOCK_MULTIPLE * coverage + faultBond;
  const victim = coverage;
  const challenger = coverage / 2n + faultBond / 4n;
  return { total, victim, challenger, burn: total - victim - challenger };
}

/**
 * Of a lodged claim, behind which only the fault bond stands: S = min(3c, left).
 * @param left what faults have left of the fault bond, as far as the operator's free stake covers it
 */
export function waterfallLodged(coverage: bigint, left: bigint): Shares {
  const asked = LOCK_MULTIPLE * coverage;
  const total = asked < left ? asked : left;
  const [victim, challenger] = [total / 3n, total / 6n];
  return { total, victim, challenger, burn: total - victim - challenger };
}
