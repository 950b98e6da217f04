import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { importModel } from "@opengradient/cli";
import { compile, load } from "@opengradient/engine";
import { costOf, encodeHeader, encodeKernel, factsOf } from "@opengradient/program";
import { describe, expect, it } from "vitest";

const file = (name: string): URL => new URL(`../../packages/models/digits/${name}`, import.meta.url);
const model = importModel(new Uint8Array(readFileSync(file("digits.onnx"))));

type Sample = {
  readonly label: number;
  readonly predicted: number;
  readonly probability: number;
  readonly pixels: string;
};
const { samples } = JSON.parse(readFileSync(file("samples.json"), "utf8")) as { samples: Sample[] };

describe("the digit model", () => {
  it("gives the answers that its trainer recorded", async () => {
    const engine = await load(await compile(model.program), model.weights);
    expect(samples.length).toBeGreaterThanOrEqual(10);
    for (const { predicted, probability, pixels } of samples) {
      const values = Float32Array.from(Buffer.from(pixels, "base64"), (grey) => grey / 255);
      const input = { dtype: 0 as const, dims: [1, 1, 28, 28], data: new Uint8Array(values.buffer) };
      const [output] = engine.run([input]);
      const scores = new Float32Array(output!.data.slice().buffer);
      expect(scores.indexOf(Math.max(...scores))).toBe(predicted);
      expect(Math.abs(Math.max(...scores) - probability)).toBeLessThan(0.002);
      expect(Math.abs(scores.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-5);
    }
  });

  it("is cheap to publish and to dispute", () => {
    const { program } = model;
    const facts = factsOf(program);
    const gas = program.kernels.map((kernel, k) => costOf(facts, k, kernel).gas);
    expect(Math.max(...gas)).toBeLessThan(2_000_000);
    expect(program.kernels.length).toBeLessThanOrEqual(16);
    const published = program.kernels.reduce(
      (sum, kernel) => sum + encodeKernel(kernel).length,
      encodeHeader(program).length,
    );
    expect(published).toBeLessThan(6_000);
  });

  it("imports to the same roots on another machine: other code, time zone and language", async () => {
    const folder = mkdtempSync(join(tmpdir(), "roots-"));
    try {
      const og = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
      const args = ["--no-opt", og, "import", fileURLToPath(file("digits.onnx")), "-o", join(folder, "d.og"), "--json"];
      const env = { ...process.env, TZ: "Asia/Kathmandu", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" };
      const { stdout } = await promisify(execFile)(process.execPath, args, { env });
      expect(JSON.parse(stdout)).toMatchObject(model.roots);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
