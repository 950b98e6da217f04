import type { Hex } from "viem";
import type { Db } from "./database.ts";

/** What this watcher thinks of a claim; agree is undefined while it could not be checked. */
export type Verdict = {
  readonly digest: Hex;
  readonly agree: boolean | undefined;
  readonly reason: string;
  /** unix seconds */
  readonly checkedAt: number;
};

type Row = { digest: Hex; agree: 0 | 1 | null; reason: string; checkedAt: number };

export function verdictTable(db: Db) {
  const all = db.prepare<[], Row>("SELECT * FROM verdicts ORDER BY checkedAt, digest");
  const one = db.prepare<[string], Row>("SELECT * FROM verdicts WHERE digest = ?");
  const write = db.prepare("INSERT OR REPLACE INTO verdicts (digest, agree, reason, checkedAt) VALUES (?,?,?,?)");
  const read = (row: Row): Verdict => ({ ...row, agree: row.agree === null ? undefined : row.agree === 1 });
  return {
    all: (): Verdict[] => all.all().map(read),
    of(digest: Hex): Verdict | undefined {
      const row = one.get(digest);
      return row && read(row);
    },
    write({ digest, agree, reason, checkedAt }: Verdict): void {
      write.run(digest, agree === undefined ? null : Number(agree), reason, checkedAt);
    },
  };
}
