/** What a claim proves: a set of bits, as in `Claim.level`. */
export const LEVEL = {
  signed: 1,
  optimistic: 2,
  audited: 4,
  attested: 8,
  proven: 16,
} as const;

export type LevelName = keyof typeof LEVEL;

/** The set that the Market accepts today. */
export const BUILT_LEVELS = LEVEL.signed | LEVEL.optimistic;

/** A level that nothing behind it could back is refused, not displayed. */
export class LevelNotBuiltError extends Error {
  override readonly name = "LevelNotBuiltError";
}

/** @throws LevelNotBuiltError */
export function levelNames(level: number): LevelName[] {
  const unknown = level & ~BUILT_LEVELS;
  if (unknown || !(level & LEVEL.signed))
    throw new LevelNotBuiltError(`level set ${level}: only signed, and signed with optimistic, are built`);
  return (Object.keys(LEVEL) as LevelName[]).filter((name) => level & LEVEL[name]);
}
