import type { Answers } from "./answers.ts";
import type { Blobs } from "./blobs.ts";
import { accusedInputs, lateClaims, openRequests } from "./claims.ts";
import type { Db } from "./database.ts";
import type { Head } from "./follower.ts";
import type { Log } from "./log.ts";
import type { Sold } from "./sold.ts";

export type Pruner = {
  tick(head: Head): void;
  /** blobs on disk after the last look; undefined before the first */
  left(): number | undefined;
};

export type PrunerOptions = {
  readonly db: Db;
  readonly blobs: Blobs;
  readonly answers: Answers;
  readonly sold: Sold;
  /** seconds after a claim's window in which its input and output are still served although it is decided */
  readonly keep: number;
  readonly log: Log;
};

/** Seconds between two looks. */
const PAUSE = 3_600;

/**
 * Removes blobs that nothing on chain names any more. What is kept is a function of the events and the answers, so a
 * kill in the middle leaves nothing to repair.
 */
export function openPruner({ db, blobs, answers, sold, keep, log }: PrunerOptions): Pruner {
  let next = 0;
  let left: number | undefined;

  const wanted = (now: number): Set<string> => {
    const claims = [...lateClaims(db, now, keep), ...answers.undecided(now).map(({ claim }) => claim)];
    const requested = openRequests(db, now).map(({ terms }) => terms.input);
    const answered = claims.flatMap(({ input, output }) => [input, output]);
    return new Set([...requested, ...answered, ...sold.wanted(now, keep), ...accusedInputs(db)]);
  };

  return {
    left: () => left,
    tick({ time }) {
      if (time < next) return;
      next = time + Math.min(PAUSE, keep);
      const found = blobs.retain(wanted(time));
      left = found.left;
      if (found.removed) log.info(found, "inputs and outputs of decided claims removed");
    },
  };
}
