import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { scratch } from "../../packages/node/test/scratch.ts";

const script = fileURLToPath(new URL("daemon.ts", import.meta.url));

export const freePort = (): Promise<number> =>
  new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
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
      await new Promise((ready) => child!.stdout!.once("data", ready));
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
