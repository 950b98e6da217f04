import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT } from "./failure.ts";

/** Until Ctrl-C, a kill, or the closing of the terminal. Who asks again later is not made to wait any longer. */
export function interrupted(): Promise<void> {
  let asked: number | undefined;
  return new Promise((wake) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => {
        // The terminal, npm and a shell may each pass on the same keystroke.
        if (asked !== undefined && Date.now() - asked > 500) process.exit(EXIT.ended);
        asked ??= Date.now();
        wake();
      });
  });
}

/** A folder for what is worth nothing afterwards: it is gone when the process ends, however that comes, but for SIGKILL. */
export function scratchFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `og-${name}-`));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
