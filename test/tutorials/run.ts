import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Block, blocksOf, matches, plain } from "./blocks.ts";
import { openShell, type Shell } from "./shell.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A block that did not do what its tutorial says; the message says where, and what came instead. */
export class TutorialError extends Error {
  override readonly name = "TutorialError";
}

export type Reader = {
  /** Does what a tutorial of docs/ says, block by block. @throws TutorialError at the first that fails */
  follow(document: string): Promise<void>;
  close(): Promise<void>;
};

/** What a clone has that tutorials name; everything else they make themselves. */
const IN_A_CLONE = ["node_modules", "packages", "contracts", "docs"];

/** Nobody listens there: whoever holds it may use the ports that the tutorials name. */
const TURN = 8_544;

/** Milliseconds for one block. */
const MOST = 300_000;

/** Somebody with a fresh clone and the shell that `node setup.mjs -- bash` gives. */
export async function newReader(): Promise<Reader> {
  const release = await takeTurn();
  const clone = mkdtempSync(join(tmpdir(), "og-tutorials-"));
  for (const name of IN_A_CLONE) symlinkSync(join(root, name), join(clone, name));
  const path = [join(root, "node_modules", ".bin"), process.env["PATH"]].join(delimiter);
  const kept = Object.entries(process.env).filter(([name]) => !/^(OG_|VITEST|NODE_OPTIONS|FORCE_COLOR)/.test(name));
  const shell = openShell(clone, { ...Object.fromEntries(kept), PATH: path, NO_COLOR: "1" });
  return {
    async follow(document) {
      for (const block of blocksOf(readFileSync(join(root, "docs", document), "utf8")))
        await act(shell, clone, block).catch((error: Error) => {
          throw new TutorialError(`docs/${document}, line ${block.line}:\n${block.text}\n\n${error.message}`);
        });
    },
    async close() {
      await shell.close();
      rmSync(clone, { recursive: true, force: true });
      release();
    },
  };
}

async function act(shell: Shell, clone: string, { language, settings, text, prints }: Block): Promise<void> {
  const file = settings.get("file");
  if (file !== undefined) {
    const path = join(clone, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${text}\n`);
  }
  if (language !== "bash") return;
  const expected = Number(settings.get("exit") ?? 0);
  const { output, exit } = await shell.run(text, MOST);
  if (exit !== expected) throw new Error(`ended with ${exit}, not ${expected}, and printed:\n${output}`);
  if (prints !== undefined && !matches(output, prints))
    throw new Error(`printed:\n${plain(output)}\n\nbut the page shows:\n${plain(prints)}`);
}

/** The ports are fixed, as readers type them: two checkouts on one machine take turns. */
async function takeTurn(): Promise<() => void> {
  for (;;) {
    const server = createServer();
    const free = await new Promise<boolean>((done) => {
      server.once("error", () => done(false));
      server.listen(TURN, "127.0.0.1", () => done(true));
    });
    if (free) return () => server.close();
    await new Promise((wake) => setTimeout(wake, 500));
  }
}
