import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { createOg } from "../src/og.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const digits = fileURLToPath(new URL("../../models/digits/digits.onnx", import.meta.url));

const og = (...args: readonly string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((done) => {
    execFile(process.execPath, [main, ...args], { cwd: "/" }, (error, out, err) =>
      done({ code: Number(error?.code ?? 0), out, err }),
    );
  });

const COMMANDS =
  "import inspect quantise run report key funds register stake operators delegate channel ask claims request receipt verify refund deliver watch quote challenge node devnet advance faucet deploy roles vote guardian demo start conformance fuzz accuracy provable support".split(
    " ",
  );

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

test("every command has help with an example and --json", () => {
  const program = createOg();
  expect(program.commands.map((command) => command.name())).toEqual(COMMANDS);
  for (const command of program.commands.flatMap((one) => [one, ...one.commands])) {
    expect(helpOf(command)).toMatch(/Examples?:\n {2}og /);
    expect(helpOf(command)).toContain("--json");
  }
});

test("what is wrong is said in words, with an exit code, as JSON too", async () => {
  const [missing, json, unknown, pass] = await Promise.all([
    og("inspect", "/nowhere.og"),
    og("inspect", "/nowhere.og", "--json"),
    og("fly"),
    og("inspect", digits, "--after", "nothing"),
  ]);
  expect([missing.code, missing.err]).toEqual([2, "✗ /nowhere.og: there is no such file\n"]);
  expect(JSON.parse(json.out)).toMatchObject({ error: { message: "/nowhere.og: there is no such file", code: 2 } });
  expect([unknown.code, unknown.err]).toMatchObject([2, expect.stringContaining("unknown command")]);
  expect(pass.err).toMatch(/there is no pass nothing; passes: /);
});

test("inspect shows one kernel of a model after a pass", async () => {
  const one = await og("inspect", digits, "--after", "fuse", "--kernel", "1");
  expect(one.out).toMatch(/step\n {4}t0 = ld a\d/);
});
