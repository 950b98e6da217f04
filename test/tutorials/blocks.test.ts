import { describe, expect, test } from "vitest";
import { blocksOf, matches } from "./blocks.ts";
import { openShell } from "./shell.ts";

const page = [
  "Text.",
  "```bash exit=2",
  "og fly",
  "```",
  "It prints",
  "```text",
  "✗ no",
  "```",
  "```ts file=.og/a.ts",
  "const a = 1;",
  "```",
].join("\n");

test("blocks carry their settings, their lines and what they print", () => {
  expect(blocksOf(page)).toEqual([
    { language: "bash", settings: new Map([["exit", "2"]]), text: "og fly", line: 3, prints: "✗ no" },
    { language: "ts", settings: new Map([["file", ".og/a.ts"]]), text: "const a = 1;", line: 10, prints: undefined },
  ]);
  expect(() => blocksOf("```bash\nog")).toThrow(/line 1 is never closed/);
});

test.each<[string, string, boolean]>([
  ["model  0xabc\nfee 3\n", "model 0x…\nfee 3", true],
  ["model 0xabc\nfee 4\n", "model 0x…\nfee 3", false],
  ["a\nb\nc\n", "a\n…\nc", true],
  ["a\nc\n", "a\n…\nc", true],
  ["a\nb\n", "a", false],
  ["(x+y)\n", "(x+y)", true],
])("%j beside %j: %s", (output, prints, good) => expect(matches(output, prints)).toBe(good));

describe("the shell of a reader", () => {
  test("keeps variables, tells the first failure, and ends what was left running", async () => {
    const shell = openShell("/", process.env);
    expect(await shell.run("A=5; (trap '' TERM; sleep 600; sleep 600) &", 5_000)).toEqual({ output: "", exit: 0 });
    expect(await shell.run("echo $A; cat; (exit 3); false\necho on", 5_000)).toEqual({ output: "5\non\n", exit: 3 });
    await expect(shell.run("sleep 5", 100)).rejects.toThrow("no end after 0.1 s");
    await shell.close();
  });
});
