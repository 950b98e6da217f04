import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { pagesOf } from "../src/chain/publish.ts";
import { decodeModelFile, encodeModelFile, isModelFile } from "../src/model/file.ts";
import { importModel } from "../src/model/import.ts";
import { parseConstants, parseShapes } from "../src/model/load.ts";
import { printKernel } from "../src/model/print.ts";
import { reportOf, suggest } from "../src/model/report.ts";
import { packNumbers, readInputs } from "../src/model/tensors.ts";

const file = new Uint8Array(readFileSync(new URL("../../models/digits/digits.onnx", import.meta.url)));
const model = importModel(file);
const folder = mkdtempSync(join(tmpdir(), "og-model-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the same file gives the same model, and comes back whole from its compiled form", () => {
  expect(importModel(file).roots).toEqual(model.roots);
  const compiled = encodeModelFile(model);
  expect([isModelFile(compiled), isModelFile(file)]).toEqual([true, false]);
  const again = decodeModelFile(compiled, "digits.og");
  expect(again).toEqual(model);
  expect(encodeModelFile(again)).toEqual(compiled);
});

test("every kernel can be printed", () => {
  for (const kernel of model.program.kernels) {
    const lines = printKernel(kernel);
    expect(lines.join("\n")).not.toContain("undefined");
    expect(lines.length).toBeGreaterThan(3);
  }
});

test("a report counts what the network has, and its engine equals the reference", async () => {
  const report = await reportOf(model, file);
  expect(report.operators).toMatchObject({ Conv: 4, MaxPool: 3, Softmax: 1 });
  expect(report.kernels).toBe(model.program.kernels.length);
  expect(report.equality.differing).toBe(0);
  expect(report.equality.elements).toBeGreaterThan(400);
  expect(report.worst.gas).toBeLessThan(2_000_000);
  // the opening, trace and outputs, tree, its nodes and a leaf of a result; beside these the input's list, tree and 13 leaves
  const { served, silent, blind } = report.dispute;
  expect([served.demands, silent.demands, blind.demands]).toEqual([1, 6, 6 + 2 + 13]);
  expect(blind.gas - silent.gas).toBeGreaterThan(15 * 120_000);
  const { fee, coverage } = suggest(report, { gasPrice: 1, opgPerNative: 1000, opgPerHour: 1 });
  expect(coverage).toBeGreaterThan(0);
  expect(fee).toBeGreaterThan(0);
});

test("inputs are read by name and by place, from JSON, and must fit", () => {
  const [port] = model.inputs;
  const pixels = Array.from({ length: 784 }, (_, i) => i / 784);
  const path = join(folder, "x.json");
  writeFileSync(path, JSON.stringify([[pixels]]));
  const [tensor] = readInputs(model, [path]);
  expect(readInputs(model, [`${port!.name}=${path}`])).toEqual([tensor]);
  expect(new DataView(tensor!.data.buffer).getFloat32(4 * 783, true)).toBe(Math.fround(783 / 784));
  expect(() => readInputs(model, [])).toThrow(/is missing/);
  expect(() => readInputs(model, [path, path])).toThrow(/one too many/);
  writeFileSync(path, JSON.stringify([1, 2, 3]));
  expect(() => readInputs(model, [path])).toThrow(/784 values; the file has 3/);
  writeFileSync(path, JSON.stringify(["NaN", "Infinity", "seven"]));
  expect(() => readInputs(model, [path])).toThrow(/"seven" is not a number/);
  expect(() => packNumbers([256], { dtype: 3, dims: [1] })).toThrow(/from 0 to 255/);
  expect([...packNumbers([-1, 127], { dtype: 2, dims: [2] })]).toEqual([255, 127]);
});

test("options say what is wrong with them", () => {
  expect(parseShapes(["x=1,3,4"])).toEqual({ x: [1, 3, 4] });
  expect(parseShapes(["a=b=2"])).toEqual({ "a=b": [2] });
  for (const wrong of ["x", "x=", "=1", "x=0", "x=1,a"]) expect(() => parseShapes([wrong])).toThrow(wrong);
  expect(() => parseConstants(["nothing=1"], file)).toThrow(/no tensor input of that name/);
});

test("pages of kernels keep their order and their size", () => {
  const descriptors = Array.from({ length: 100 }, (_, i) => new Uint8Array(600).fill(i));
  const pages = pagesOf(descriptors);
  expect(pages.flat()).toEqual(descriptors);
  for (const page of pages) expect(page.length).toBeLessThanOrEqual(40);
});
