import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { operatorNames } from "@opengradient/onnx";
import { afterAll, expect, it } from "vitest";
import { agreeing, conformance, referenceExecutor } from "../../packages/cli/src/conformance.ts";
import { oneNode, type TensorFacts, tensorBytes } from "../../packages/onnx/test/onnxFile.ts";

const dir = mkdtempSync(join(tmpdir(), "cases-"));
afterAll(() => rmSync(dir, { recursive: true }));

function writeCase(name: string, operator: string, input: TensorFacts, output: TensorFacts): void {
  const set = join(dir, "node", name, "test_data_set_0");
  mkdirSync(set, { recursive: true });
  writeFileSync(join(set, "..", "model.onnx"), oneNode(operator, [input]));
  writeFileSync(join(set, "input_0.pb"), Uint8Array.from(tensorBytes({ ...input, name: "x0" })));
  writeFileSync(join(set, "output_0.pb"), Uint8Array.from(tensorBytes({ ...output, name: "y" })));
}

const x = { dims: [3], values: [-1, 0, 2] };
writeCase("right", "Relu", x, { dims: [3], values: [0, 0, 2] });
writeCase("wrong", "Abs", x, { dims: [3], values: [1, 0, 2.01] });
writeCase("random", "Bernoulli", x, { dims: [3], values: [0, 0, 1] });
writeCase("unknown", "Flibber", x, { dims: [3], values: [0, 0, 1] });
writeFileSync(join(dir, "tests.tsv"), "kind\ttest\nnode\tright\nnode\twrong\nnode\tgone\nsimple\tother\n");

it("counts what passes of all that is listed, and says by rule what no Program can be", async () => {
  const whole = await conformance({ dir, executor: referenceExecutor });
  expect(whole.totals).toEqual({ passed: 1, failed: 1, refused: 2, all: 6 });
  expect(whole.missing).toEqual(["node/gone", "simple/other"]);
  expect(whole.outside).toEqual({ "random numbers": 1 });
  const part = await conformance({ dir: join(dir, "node"), executor: referenceExecutor });
  expect(part.missing).toEqual(["gone"]);
  expect(part.cases.find(({ name }) => name === "wrong")?.reason).toMatch(/element 2: 2, expected 2.0099/);
  const filtered = await conformance({ dir, executor: referenceExecutor, filter: "right" });
  expect(filtered.totals).toEqual({ passed: 1, failed: 0, refused: 0, all: 1 });
});

it("fails a case in which two executors differ by a bit", async () => {
  const bent = agreeing(referenceExecutor, async (...given) =>
    (await referenceExecutor(...given)).map((tensor) => ({ ...tensor, data: tensor.data.map((byte) => byte ^ 1) })),
  );
  const { cases } = await conformance({ dir, executor: bent, filter: "right" });
  expect(cases[0]).toMatchObject({ status: "failed", reason: "Error: the executors differ in output 0" });
});

it("docs/operators.md lists operators that are imported", () => {
  const text = readFileSync(new URL("../../docs/operators.md", import.meta.url), "utf8");
  const listed = [...text.matchAll(/^\| `([^`]+)` \| [\d /]*\|$/gm)].map(([, name]) => name!);
  expect(listed.length).toBeGreaterThan(150);
  expect(listed.filter((name) => !operatorNames().includes(name))).toEqual([]);
});
