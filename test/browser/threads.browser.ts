import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "threads");
const outDir = mkdtempSync(join(tmpdir(), "og-threads-"));
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

type Runs = { readonly threads: number; readonly note: string; readonly same: boolean };

let browser: Browser;
const servers: PreviewServer[] = [];

beforeAll(async () => {
  const common = { configFile: false, root, logLevel: "error" } as const;
  await build({ ...common, worker: { format: "es" }, build: { outDir, emptyOutDir: true, target: "es2023" } });
  for (const headers of [{}, ISOLATED])
    servers.push(await preview({ ...common, build: { outDir }, preview: { port: 0, host: "127.0.0.1", headers } }));
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM!, args: ["--no-sandbox", "--disable-gpu"] });
});

afterAll(async () => {
  await browser.close();
  for (const server of servers) await server.close();
  rmSync(outDir, { recursive: true });
});

async function runsAt(server: PreviewServer): Promise<Runs> {
  const page = await browser.newPage();
  await page.goto(server.resolvedUrls!.local[0]!);
  await page.waitForFunction("typeof runs === 'function'");
  return page.evaluate<Runs>("runs()");
}

describe("the engine's threads in Chromium", () => {
  test("share a run where the page is cross-origin isolated, to the same bits", async () => {
    expect(await runsAt(servers[1]!)).toEqual({ threads: 2, note: "", same: true });
  });

  test("are one elsewhere, with a note", async () => {
    const { threads, note, same } = await runsAt(servers[0]!);
    expect({ threads, same }).toEqual({ threads: 1, same: true });
    expect(note).toMatch(/cross-origin isolated/);
  });
});
