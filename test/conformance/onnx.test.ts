import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compile, load } from "@opengradient/engine";
import { describe, expect, it } from "vitest";
import {
  agreeing,
  type CaseResult,
  conformance,
  type Executor,
  referenceExecutor,
} from "../../packages/cli/src/conformance.ts";

const shared = fileURLToPath(new URL("../../../shared/data/", import.meta.url));
const missing = existsSync(shared) ? "" : " (skipped: no shared data)";

const wasm: Executor = async (program, weights, inputs) => (await load(await compile(program), weights)).run(inputs);

/** The reference takes its time: whole models are run by the engine alone. */
const RUNS = [
  {
    name: "reference and engine, to the bit",
    executor: agreeing(referenceExecutor, wasm),
    folders: ["onnx-tests/node"],
    passes: 850,
  },
  {
    name: "engine",
    executor: wasm,
    folders: [
      "onnx-tests/pytorch-converted",
      "onnx-tests/pytorch-operator",
      "onnx-tests/simple",
      "runtime-tests",
      "models",
    ],
    passes: 70,
  },
] as const;

/** Reasons that say nothing would hide a fault: each names an operator, a type, a shape or a budget. */
const NAMED =
  /not supported|computed from the model's inputs|empty|dynamic|no tensor|types? |at most|segments|V9|range|int64|i64/;

describe.skipIf(missing !== "")(`ONNX backend cases${missing}`, () => {
  for (const { name, executor, folders, passes } of RUNS)
    it(`give no wrong answer: ${name}`, async () => {
      const wrong: CaseResult[] = [];
      let passed = 0;
      for (const folder of folders) {
        const { cases, totals } = await conformance({ dir: `${shared}${folder}`, executor });
        wrong.push(...cases.filter((c) => c.status === "failed"));
        wrong.push(...cases.filter((c) => c.status === "refused" && !NAMED.test(c.reason ?? "")));
        passed += totals.passed;
      }
      expect(wrong).toEqual([]);
      expect(passed).toBeGreaterThan(passes);
    });
});
