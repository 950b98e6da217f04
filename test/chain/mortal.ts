import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { scratch } from "../../packages/node/test/scratch.ts";

const script = fileURLToPath(new URL("daemon.ts", import.meta.url));

let next = 20_000 + 10 * (process.pid % 1_000);

/**
 * A port that stays free while its daemon is dead: below those that systems hand out to whoever asks for any, of which
 * another test would take it.
 */
export const lowPort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer().listen(next++, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
    server.once("error", () => done(lowPort()));
  });

/** A daemon that can be killed and started again on the same disk. */
export function daemon(config: object) {
  const path = join(scratch(), "config.json");
  writeFileSync(path, JSON.stringify(config));
  let child: ChildProcess | undefined;
  onTestFinished(() => void child?.kill("SIGKILL"));
  const exit = () => new Promise<number | null>((done) => child!.once("exit", done));
  return {
    /** Comes back when it serves. */
    async start(): Promise<void> {
      child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
      const gone = exit().then((code) => Promise.reject(new Error(`the daemon ended with ${code} before it served`)));
      await Promise.race([once(child.stdout!, "data"), gone]);
    },
    async kill(): Promise<void> {
      const gone = exit();
      child!.kill("SIGKILL");
      await gone;
    },
    async stop(): Promise<number | null> {
      const gone = exit();
      child!.kill("SIGTERM");
      return gone;
    },
  };
}
