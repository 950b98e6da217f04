import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const folders: string[] = [];

// Registered with the file of tests that imports this; the first to be registered is the last to run.
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone when the tests of this file are through. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "og-test-"));
  folders.push(folder);
  return folder;
}
