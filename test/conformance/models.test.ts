import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { importModel } from "@opengradient/cli";
import { compile, load } from "@opengradient/engine";
import { afterAll, describe, expect, it } from "vitest";
import { type Accuracy, accuracies } from "../../packages/cli/src/accuracy.ts";
import { modelBytes, tensorBytes } from "../../packages/onnx/test/onnxFile.ts";

const shared = fileURLToPath(new URL("../../../shared/data/", import.meta.url));
const missing = existsSync(shared) ? "" : " (skipped: no shared data)";

async function all(dir: string): Promise<Accuracy[]> {
  const found: Accuracy[] = [];
  for await (const model of accuracies(dir)) found.push(model);
  return found;
}

describe("og accuracy", () => {
  const dir = mkdtempSync(join(tmpdir(), "accuracy-"));
  afterAll(() => rmSync(dir, { recursive: true }));
  const set = join(dir, "double.vectors", "derived_set_0");
  mkdirSync(set, { recursive: true });
  const values = [1, 2, 3, 4];
  writeFileSync(
    join(dir, "double.onnx"),
    modelBytes({
      inputs: [{ name: "x", dims: [2, 2] }],
      nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }],
      outputs: [{ name: "y" }],
    }),
  );
  writeFileSync(join(set, "input_0.pb"), Uint8Array.from(tensorBytes({ name: "x", dims: [2, 2], values })));
  const expected = (doubled: readonly number[]): void =>
    writeFileSync(join(set, "output_0.pb"), Uint8Array.from(tensorBytes({ name: "y", dims: [2, 2], values: doubled })));

  it("measures how far outputs are off, and whether the greatest of a row is", async () => {
    expected([2, 4, 6, 8]);
    const [right] = await all(dir);
    expect(right!.measured!.outputs).toEqual([{ name: "y", absolute: 0, relative: 0, top: true, near: true }]);
    expect(right!.measured!.reference).toEqual({ elements: 4, differing: 0 });
    expected([2, 4, 6.5, 5]);
    const [wrong] = await all(dir);
    expect(wrong!.measured!.outputs).toEqual([{ name: "y", absolute: 3, relative: 0.6, top: false, near: false }]);
  });
});

/** The arrays of an .npz file: an archive, not compressed, of .npy files, each a header and little-endian numbers. */
function readNpz(path: string): Map<string, Buffer> {
  const file = readFileSync(path);
  const arrays = new Map<string, Buffer>();
  let at = file.readUInt32LE(file.lastIndexOf("PK\u0005\u0006") + 16);
  while (file.readUInt32LE(at) === 0x02014b50) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => file.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const local = file.readUInt32LE(at + 42);
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const npy = file.subarray(start, start + file.readUInt32LE(at + 20));
    arrays.set(file.toString("utf8", at + 46, at + 46 + name), npy.subarray(10 + npy.readUInt16LE(8)));
    at += 46 + name + extra + comment;
  }
  return arrays;
}

describe.skipIf(missing !== "")(`trained models${missing}`, () => {
  it("give their expected outputs", async () => {
    const models = [...(await all(join(shared, "models"))), ...(await all(join(shared, "onnx-ml/docs")))];
    const refused = models.flatMap(({ name, refused }) => (refused ? [`${name}: ${refused}`] : []));
    expect(refused).toEqual([]);
    for (const { name, measured } of models) {
      if (measured === undefined) continue;
      expect(measured.reference.differing, name).toBe(0);
      for (const output of measured.outputs)
        expect([output.near, output.top ?? true], `${name}, ${output.name}`).toEqual([true, true]);
    }
  });

  it("stories260K gives its logits, and the same next token at every position", async () => {
    const folder = join(shared, "llm/stories260K");
    const arrays = readNpz(join(folder, "stories260K.logits-ort.npz"));
    const [ids, expected] = [arrays.get("tokens.npy")!, arrays.get("logits.npy")!];
    const tokens = Int32Array.from({ length: 64 }, (_, i) => Number(ids.readBigInt64LE(8 * i)));
    const source = new Uint8Array(readFileSync(join(folder, "stories260K.onnx")));
    const { program, weights } = importModel(source, { shapes: { tokens: [64] } });
    const engine = await load(await compile(program), weights);
    const [logits] = engine.run([{ dtype: 1, dims: [64], data: new Uint8Array(tokens.buffer) }]);
    const got = new Float32Array(logits!.data.slice().buffer);
    const want = Float32Array.from({ length: 64 * 512 }, (_, i) => expected.readFloatLE(4 * i));
    const top = (values: Float32Array, row: number): number => {
      const own = values.subarray(512 * row, 512 * (row + 1));
      return own.indexOf(Math.max(...own));
    };
    const off = got.reduce((most, x, i) => Math.max(most, Math.abs(x - want[i]!)), 0);
    expect(off).toBeLessThan(1e-4);
    for (let row = 0; row < 64; row++) expect(top(got, row), `position ${row}`).toBe(top(want, row));
  });
});
