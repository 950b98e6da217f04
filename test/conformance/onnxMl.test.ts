import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compile as compileModule } from "@opengradient/compiler";
import { compile, load } from "@opengradient/engine";
import { type Imported, importGraph, numbersOf, OnnxError, type Port } from "@opengradient/onnx";
import { elementsOf, outputsOf, runReference, type Tensor, widthOf } from "@opengradient/program";
import { describe, expect, it } from "vitest";
import { readArrays } from "./npz.ts";

const shared = fileURLToPath(new URL("../../../shared/data/onnx-ml/", import.meta.url));
const missing = existsSync(shared) ? "" : " (skipped: no shared data)";

/** Rows of numbers, or of strings. */
type Table = { readonly shape: readonly number[]; readonly data: readonly (number | string)[] };
/** A map for each row, as [key, value] pairs. */
type Maps = readonly { readonly map: readonly (readonly [string | number, number])[] }[];

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

function tensorOf({ type, dims }: Port, values: readonly (number | string)[]): Tensor {
  const data = type === "f32" ? Float32Array.from(values as number[]) : Int32Array.from(values as number[]);
  return { dtype: type === "f32" ? 0 : 1, dims, data: new Uint8Array(data.buffer) };
}

/** Every output's numbers, row by row: the engine's, which must be the reference's to the bit. */
async function run(imported: Imported, inputs: readonly Table[], rows: number): Promise<number[][]> {
  const { program, weights } = compileModule(imported);
  const engine = await load(await compile(program), weights);
  const outputs: number[][] = imported.outputs.map(() => []);
  for (let row = 0; row < rows; row++) {
    const given = imported.inputs.map((port, i) => {
      const count = elementsOf({ dtype: 0, dims: port.dims });
      return tensorOf(port, inputs[i]!.data.slice(row * count, (row + 1) * count));
    });
    const fast = engine.run(given);
    const slow = outputsOf(program, runReference(program, weights, given));
    expect(fast.map(({ data }) => Buffer.from(data).toString("hex"))).toEqual(
      slow.map(({ data }) => Buffer.from(data).toString("hex")),
    );
    for (const [i, { data, dims, dtype }] of fast.entries()) {
      const { type } = imported.outputs[i]!;
      expect(data.length).toBe(elementsOf({ dtype, dims }) * widthOf(dtype));
      outputs[i]!.push(...numbersOf({ type, dims, data }));
    }
  }
  return outputs;
}

/** What an output should hold, as numbers: strings by their places among the port's names, maps in the order of its columns. */
function expectedOf(want: Table | Maps, { names = [] }: Port): number[] {
  if ("data" in want) return want.data.map((x) => (typeof x === "string" ? names.indexOf(x) : x));
  return want.flatMap(({ map }) => names.map((name) => map.find(([key]) => String(key) === name)![1]));
}

const bytesOf = (path: string): Uint8Array => new Uint8Array(readFileSync(path));
const errors: string[] = [];

function compare(name: string, got: readonly number[], want: readonly number[]): void {
  expect(got.length, name).toBe(want.length);
  const absolute = Math.max(...got.map((x, i) => Math.abs(x - want[i]!)));
  const greatest = Math.max(...want.map(Math.abs));
  errors.push(`${name.padEnd(60)} max abs error ${absolute.toExponential(1)} of ${greatest.toPrecision(3)}`);
  // onnxruntime 2018 and scikit-learn sum in other orders, and in double precision
  expect(absolute, name).toBeLessThanOrEqual(1e-5 * Math.max(greatest, 1));
}

/** Inputs that are strings, or have no numeric form here. */
const REFUSED: Readonly<Record<string, RegExp>> = { SklearnLabelEncoder: /element type string/ };
/** scikit-learn gives one-against-rest decisions, ONNX's operator the pairs': only labels compare. */
const LABELS_ONLY = ["SklearnBinNuSVCPF", "SklearnMclNuSVCPF"];

describe.skipIf(missing !== "")(`trained models of ai.onnx.ml${missing}`, () => {
  const folder = `${shared}skl2onnx-2018/`;
  const models = missing === "" ? readdirSync(folder) : [];

  it.each(models)("%s", async (name) => {
    const at = `${folder}${name}/`;
    const bytes = bytesOf(`${at}model.onnx`);
    if (REFUSED[name]) return expect(() => importGraph(bytes)).toThrow(REFUSED[name]);
    const imported = importGraph(bytes);
    const input = readJson(`${at}input.json`) as Table | { readonly map: readonly (readonly [string, Table])[] };
    const given = "map" in input ? input.map.map(([, table]) => table) : [input];
    const count = elementsOf({ dtype: 0, dims: imported.inputs[0]!.dims });
    const outputs = await run(imported, given, given[0]!.data.length / count);
    const own = `${at}output-onnxruntime-2018.json`;
    const want = readJson(existsSync(own) ? own : `${at}expected-sklearn.json`) as Table | (Table | Maps)[];
    const list = Array.isArray(want) ? want : [want];
    for (const [i, port] of imported.outputs.entries()) {
      if (i > 0 && LABELS_ONLY.includes(name)) continue;
      compare(`${name} ${port.name}`, outputs[i]!, expectedOf(list[i]!, port));
    }
  });

  it.each(["xgboost_regressor_tree", "lgbm_classifier_tensor"])("tract/%s", async (name) => {
    const at = `${shared}tract/${name}/`;
    const arrays = readArrays(bytesOf(`${at}io.npz`));
    const bytes = bytesOf(`${at}model.onnx`);
    const [inputName] = /"([^"]+)"/.exec(refusalOf(bytes))!.slice(1) as [string];
    const input = arrays.get(inputName)!;
    const imported = importGraph(bytes, { shapes: { [inputName]: input.shape } });
    const outputs = await run(imported, [input], 1);
    const given = imported.outputs.flatMap(({ name: output }, i) => (arrays.has(output) ? [{ output, i }] : []));
    expect(given.length).toBeGreaterThan(0);
    for (const { output, i } of given) compare(`tract/${name} ${output}`, outputs[i]!, arrays.get(output)!.data);
  });

  it("prints what it measured", () => {
    console.log(errors.join("\n"));
    expect(errors.length).toBeGreaterThan(30);
  });
});

/** The reason names the open input. */
function refusalOf(bytes: Uint8Array): string {
  try {
    importGraph(bytes);
  } catch (cause) {
    if (cause instanceof OnnxError) return cause.reason;
    throw cause;
  }
  throw new Error("the model has no open input");
}
