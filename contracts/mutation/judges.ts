// The judges of the arithmetic: processes that ask a mutant what the tests of the Arbiter ask.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../compile.ts";

const JUDGE = join(root, "test/arbiter/judge.ts");

type Changed = { readonly path: string; readonly text: string };

export type Judges = {
  /** The question that the changed file gets wrong; undefined when there is none. */
  readonly killerOf: (changed: Changed) => Promise<string | undefined>;
  readonly close: () => void;
};

async function answerOf(judge: ChildProcess, changed: Changed): Promise<string | undefined> {
  judge.send(changed);
  const gone = new AbortController();
  const [answer] = (await Promise.race([
    once(judge, "message", { signal: gone.signal }),
    once(judge, "exit", { signal: gone.signal }).then(([code, signal]) => {
      throw new Error(`the judge stopped (${signal ?? code}) over a change in ${changed.path}`);
    }),
  ]).finally(() => gone.abort())) as [{ killer?: string }];
  return answer.killer;
}

/** At most `count` changes are tried at once. */
export function openJudges(count: number): Judges {
  const all = Array.from({ length: count }, (_, i) => fork(JUDGE, i === 0 ? ["--first"] : []));
  const free = [...all];
  return {
    async killerOf(changed) {
      const judge = free.pop()!;
      const killer = await answerOf(judge, changed);
      free.push(judge);
      return killer;
    },
    close() {
      for (const judge of all) judge.disconnect();
    },
  };
}
