import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";

/** The signer was asked for a second, different claim for one request: signing it could be slashed. */
export class SecondClaimError extends Error {
  override readonly name = "SecondClaimError";
  readonly requestId: string;
  readonly signed: string;
  readonly asked: string;
  constructor(requestId: string, signed: string, asked: string) {
    super(
      `request ${requestId} was already answered with claim ${signed}; claim ${asked} is refused. ` +
        "The run is not deterministic or the data directory was restored from an old copy: stop and look.",
    );
    this.requestId = requestId;
    this.signed = signed;
    this.asked = asked;
  }
}

export type Guard = {
  /** Durable before it returns. @throws SecondClaimError */
  remember(requestId: string, digest: string): void;
  recall(requestId: string): string | undefined;
  close(): void;
};

/**
 * The memory that stands before every signature: request → claim digest, on disk before the key is touched, in a file
 * of its own so that it can be backed up apart and is locked against a second daemon with the same key.
 */
export function openGuard(path: string): Guard {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const db = new Database(path);
  db.pragma("locking_mode = EXCLUSIVE");
  db.pragma("journal_mode = DELETE");
  db.pragma("synchronous = EXTRA");
  db.exec("CREATE TABLE IF NOT EXISTS signed (requestId TEXT PRIMARY KEY, digest TEXT NOT NULL)");
  const insert = db.prepare("INSERT OR IGNORE INTO signed (requestId, digest) VALUES (?, ?)");
  const select = db.prepare<[string], { digest: string }>("SELECT digest FROM signed WHERE requestId = ?");
  const recall = (requestId: string) => select.get(requestId)?.digest;
  return {
    remember(requestId, digest) {
      insert.run(requestId, digest);
      const signed = recall(requestId);
      if (signed !== digest) throw new SecondClaimError(requestId, String(signed), digest);
    },
    recall,
    close: () => db.close(),
  };
}
