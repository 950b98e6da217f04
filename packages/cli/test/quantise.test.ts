import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { concatBytes } from "@opengradient/commitments";
import { afterAll, expect, test } from "vitest";
import { chooseImages, digitsFile, imageData } from "../src/demo/images.ts";
import { importModel } from "../src/model/import.ts";
import { quantise } from "../src/model/quantise.ts";
import { worstOf } from "../src/model/report.ts";
import { readExamples } from "../src/model/tensors.ts";

const folder = mkdtempSync(join(tmpdir(), "og-quantise-"));
afterAll(() => rmSync(folder, { recursive: true }));

const model = importModel(digitsFile());

function examples(name: string, seed: number, count: number) {
  const path = join(folder, name);
  writeFileSync(path, concatBytes(chooseImages(seed, count).map(imageData)));
  return readExamples(model, [path]);
}

test("the digit model in 8 bits: the same answers, a quarter of the bytes, half the gas", async () => {
  const source = digitsFile();
  const tests = examples("tests.f32", 2, 40);
  expect(tests).toHaveLength(40);
  const eight = await quantise(source, {}, examples("some.f32", 1, 20), tests);
  expect(eight.accuracy).toMatchObject({ examples: 40, sameTop: 40 });
  expect(eight.accuracy.mean).toBeLessThan(0.002);
  expect(eight.accuracy.worst).toBeGreaterThan(0);
  expect(eight.file.length).toBeLessThan(source.length / 3);
  const [before, after] = [model, eight.model].map(({ program, labels }) => worstOf(program, labels).gas);
  expect(after!).toBeLessThan(0.6 * before!);
});

test("a file that holds no whole number of examples is refused", () => {
  const path = join(folder, "odd.f32");
  writeFileSync(path, new Uint8Array(5000));
  expect(() => readExamples(model, [path])).toThrow(/shape \[1,1,28,28\], that is 784 values; the file has 1250/);
});
