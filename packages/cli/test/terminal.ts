import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Reader } from "@opengradient/protocol";
import { http } from "viem";
import { vi } from "vitest";
import { readerOf, writePlace } from "../src/chain/connect.ts";
import { advance, deployDevnet, startChain } from "../src/chain/local.ts";
import { createOg } from "../src/og.ts";

type Line = readonly string[];

/** A chain with the whole system on it, and `og` in this process. */
export type Terminal = {
  readonly reader: Reader;
  /** where the chain answers */
  readonly url: string;
  /** for what commands write */
  readonly folder: string;
  /** What a command prints. @throws Error when it ends with another code than 0 */
  run(...line: Line): Promise<string>;
  json<T = Record<string, string>>(...line: Line): Promise<T>;
  /** Why it fails, and what to do. @throws Error when it does not fail */
  fails(...line: Line): Promise<string>;
  advance(seconds: number): Promise<void>;
  close(): Promise<void>;
};

/** Each test file has a process of its own: commands find the chain through its environment. */
export async function openTerminal(): Promise<Terminal> {
  const chain = await startChain({ port: 0, blockInterval: 0 });
  const folder = mkdtempSync(join(tmpdir(), "og-terminal-"));
  const place = { rpc: chain.url, deployment: await deployDevnet(http(chain.url)) };
  process.env["OG_DEPLOYMENT"] = join(folder, "devnet.json");
  writePlace(process.env["OG_DEPLOYMENT"], place);

  async function type(line: Line): Promise<{ code: number; out: string; err: string }> {
    const texts = { out: "", err: "" };
    const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      texts.out += text;
      return true;
    });
    const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      texts.err += text;
      return true;
    });
    try {
      await createOg().parseAsync(line, { from: "user" });
    } finally {
      out.mockRestore();
      err.mockRestore();
    }
    const code = Number(process.exitCode);
    process.exitCode = 0;
    return { code, ...texts };
  }

  async function run(...line: Line): Promise<string> {
    const { code, out, err } = await type(line);
    if (code !== 0) throw new Error(`og ${line.join(" ")} ended with ${code}: ${err}`);
    return out;
  }

  return {
    reader: readerOf(place),
    url: chain.url,
    folder,
    run,
    json: async <T>(...line: Line) => JSON.parse(await run(...line, "--json")) as T,
    async fails(...line) {
      const { code, out, err } = await type(line);
      if (code === 0) throw new Error(`og ${line.join(" ")} did not fail, and printed: ${out}`);
      return err;
    },
    advance: (seconds) => advance(chain.url, seconds),
    async close() {
      await chain.close();
      rmSync(folder, { recursive: true });
    },
  };
}
