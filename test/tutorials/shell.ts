import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Ran = {
  /** stdout and stderr as a person sees them */
  readonly output: string;
  /** of the first command that failed, else 0; undefined: the shell itself ended */
  readonly exit: number | undefined;
};

export type Shell = {
  /** Runs a block as if typed in. @throws Error when it takes longer than `most` milliseconds */
  run(text: string, most: number): Promise<Ran>;
  /** Ends it with all that it left running. @throws Error when something goes on and still holds its output */
  close(): Promise<void>;
};

/** One bash for all tutorials of a run, so that variables, folder and background jobs last. */
export function openShell(cwd: string, env: NodeJS.ProcessEnv): Shell {
  const folder = mkdtempSync(join(tmpdir(), "og-shell-"));
  // A group of its own, so that what it starts can be ended with it.
  const bash = spawn("bash", ["--norc", "--noprofile"], {
    cwd,
    env,
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = once(bash, "exit");
  // When the last process that writes to it is gone, also where nobody collects dead processes.
  const closed = once(bash, "close");
  bash.stdin.write("exec 2>&1\n");
  let output = "";
  let heard = () => {};
  bash.stdout.setEncoding("utf8").on("data", (part: string) => {
    output += part;
    heard();
  });
  let turn = 0;

  /** The block as a file that is read in, since commands must not read what follows it; with `set -e` bash would end. */
  function type(text: string, mark: string): void {
    const file = join(folder, `${turn}.sh`);
    writeFileSync(file, `${text}\n`);
    const trap = `trap 's=$?; [ $failed != 0 ] || failed=$s' ERR; failed=0`;
    bash.stdin.write(`${trap}\n. ${file} </dev/null\nprintf '\\n%s%s.\\n' '${mark}' "$failed"\n`);
  }

  return {
    async run(text, most) {
      const mark = `end of block ${++turn}: `;
      const done = new RegExp(`\\n${mark}(\\d+)\\.\\n`);
      output = "";
      type(text, mark);
      const late = new Promise<void>((wake) => setTimeout(wake, most).unref());
      for (const since = Date.now(); ; ) {
        const found = done.exec(output);
        if (found) return { output: output.slice(0, found.index), exit: Number(found[1]) };
        if (bash.exitCode !== null) return { output, exit: undefined };
        if (Date.now() - since >= most) throw new Error(`no end after ${most / 1000} s; so far it printed:\n${output}`);
        const more = new Promise<void>((wake) => {
          heard = wake;
        });
        await Promise.race([more, late, ended]);
      }
    },
    async close() {
      // The group outlives its first process as long as something in it runs.
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        try {
          process.kill(-bash.pid!, signal);
        } catch {
          break;
        }
        await new Promise((wake) => setTimeout(wake, 500));
      }
      rmSync(folder, { recursive: true, force: true });
      const late = new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error("something that the shell started goes on")), 10_000).unref();
      });
      await Promise.race([closed, late]);
    },
  };
}
