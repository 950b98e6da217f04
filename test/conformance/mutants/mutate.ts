import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Mutant } from "./list.ts";

export const root = fileURLToPath(new URL("../../../", import.meta.url));

const sources = ({ room }: Mutant): string =>
  join(root, room === "contracts" ? "contracts/src" : `packages/${room}/src`);

/** The mutant's file with its bug. @throws when the text to change is not there exactly once */
export function mutatedText(mutant: Mutant): string {
  const text = readFileSync(join(sources(mutant), mutant.file), "utf8");
  const times = text.split(mutant.find).length - 1;
  if (times !== 1)
    throw new Error(
      `${mutant.bug}: its text is ${times} times in ${mutant.room}/${mutant.file}; bring the list up to date`,
    );
  return text.replace(mutant.find, () => mutant.replace);
}

/** Copies of a room, each with one bug, that import everything else as it is. */
export function mutatedRooms(mutants: readonly Mutant[]): { readonly folders: readonly string[]; remove(): void } {
  const base = mkdtempSync(join(tmpdir(), "og-mutants-"));
  symlinkSync(join(root, "node_modules"), join(base, "node_modules"));
  const folders = mutants.map((mutant, i) => {
    const folder = join(base, String(i));
    cpSync(sources(mutant), join(folder, "src"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
    writeFileSync(join(folder, "src", mutant.file), mutatedText(mutant));
    return folder;
  });
  return { folders, remove: () => rmSync(base, { recursive: true }) };
}
