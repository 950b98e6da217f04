// What trials showed before: a fault that a test noticed is not tried again while its file stays and the test exists.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Source } from "./syntax.ts";

type Notice = { readonly killer: string; readonly file: string };

export type Kept = {
  /** The test that noticed the fault of this name, if that still holds. */
  readonly killerOf: (name: string, path: string) => string | undefined;
  readonly note: (name: string, path: string, killer: string) => void;
};

const digest = ({ bytes }: Source): string => createHash("sha256").update(bytes).digest("hex").slice(0, 16);

export function readKept(file: string, sources: readonly Source[], fresh: boolean): Kept {
  const notices: Record<string, Notice> = !fresh && existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const files = new Map(sources.map((source) => [source.path, digest(source)]));
  const tests = sources.filter(({ path }) => path.startsWith("test/")).map(({ bytes }) => bytes.toString());
  const exists = (test: string): boolean =>
    !/^(test|invariant)/.test(test) || tests.some((text) => text.includes(`function ${test}(`));
  return {
    killerOf: (name, path) => {
      const notice = notices[name];
      return notice && notice.file === files.get(path) && exists(notice.killer) ? notice.killer : undefined;
    },
    note: (name, path, killer) => {
      notices[name] = { killer, file: files.get(path)! };
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(notices));
    },
  };
}
