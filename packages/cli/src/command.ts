import type { Command } from "commander";
import { EXIT, failureOf } from "./failure.ts";
import { createOutput, type Output, toJson } from "./output.ts";

/** Adds one command to `og`. Each lives in a file of its own under commands/. */
export type Register = (og: Command) => void;

type Act<A extends readonly unknown[]> = (output: Output, ...args: A) => Promise<number | undefined> | Promise<void>;

/** Runs a command's act; whatever it throws becomes words and an exit code. */
export const action =
  <A extends readonly unknown[]>(act: Act<A>) =>
  async (...args: [...A, options: unknown, command: Command]): Promise<void> => {
    const command = args.at(-1) as Command;
    const output = createOutput({ json: command.optsWithGlobals()["json"] === true });
    try {
      process.exitCode = (await act(output, ...(args.slice(0, -1) as unknown as A))) ?? EXIT.done;
    } catch (error) {
      fail(output, error);
    } finally {
      output.quiet();
    }
  };

export function fail(output: Output, error: unknown): void {
  output.quiet();
  const { name, message, todo, code } = failureOf(error);
  if (output.json) process.stdout.write(`${toJson({ error: { name, message, todo, code } }, 2)}\n`);
  else {
    process.stderr.write(`${output.paint("red", "✗")} ${message}\n`);
    if (todo) process.stderr.write(`  ${todo}\n`);
  }
  process.exitCode = code;
}

/** The examples below a command's --help. */
export const examples = (...lines: readonly string[]): string =>
  `\nExample${lines.length > 1 ? "s" : ""}:\n${lines.map((line) => `  ${line}`).join("\n")}\n`;

/** For options that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];
