/** The layouts in which ONNX test cases come. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type Constant, constantOf, elementsOf, fromFloats, fromInts, type Port, readTensor } from "@opengradient/onnx";

export type CaseFiles = {
  /** path relative to the folder that was searched */
  readonly name: string;
  readonly model: string;
  /** one for each test set: files in the order of their numbers */
  readonly sets: readonly {
    readonly name: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  }[];
};

/**
 * Cases below `dir`: folders with model.onnx and test_data_set_*, and NAME.onnx beside NAME.vectors/SET/.
 * Sorted by path.
 */
export function findCases(dir: string): CaseFiles[] {
  const cases: CaseFiles[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder).sort()) {
      const path = join(folder, entry);
      if (statSync(path).isDirectory()) {
        if (!entry.startsWith("test_data_set_") && !entry.endsWith(".vectors")) walk(path);
      } else if (entry.endsWith(".onnx")) {
        const sets = setsOf(folder, entry);
        if (sets.length > 0) cases.push({ name: nameOf(dir, folder, entry), model: path, sets });
      }
    }
  };
  walk(dir);
  return cases;
}

function nameOf(dir: string, folder: string, file: string): string {
  const name = file === "model.onnx" ? relative(dir, folder) : relative(dir, join(folder, file.slice(0, -5)));
  return name || basename(folder);
}

function setsOf(folder: string, file: string): CaseFiles["sets"] {
  const vectors = join(folder, `${file.slice(0, -5)}.vectors`);
  const parent = existsSync(vectors) ? vectors : folder;
  return readdirSync(parent)
    .filter(
      (name) => (parent === vectors || name.startsWith("test_data_set_")) && statSync(join(parent, name)).isDirectory(),
    )
    .sort()
    .map((name) => ({
      name,
      inputs: numbered(join(parent, name), "input_"),
      outputs: numbered(join(parent, name), "output_"),
    }));
}

/** input_0.pb, input_1.pb, …; what is no tensor is a .json */
const numbered = (folder: string, prefix: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && /^\d+\.(pb|json)$/.test(name.slice(prefix.length)))
    .sort((a, b) => Number.parseInt(a.slice(prefix.length), 10) - Number.parseInt(b.slice(prefix.length), 10))
    .map((name) => join(folder, name));

/**
 * What an output should be. In JSON: strings, as their places among the port's, or a map for each row, in columns. A list
 * of strings says how many there are; their shape is taken to be the port's.
 */
export function readExpected(path: string, { names = [], dims = [] }: Partial<Pick<Port, "names" | "dims">>): Constant {
  const bytes = readBytes(path);
  if (!path.endsWith(".json")) return constantOf(readTensor(bytes));
  const rows = JSON.parse(new TextDecoder().decode(bytes)) as readonly (string | Record<string, number>)[];
  if (rows.every((row) => typeof row === "string")) {
    const places = fromInts(rows.map((row) => names.indexOf(row)));
    return elementsOf(dims) === rows.length ? { ...places, dims } : places;
  }
  const columns = rows.flatMap((row) => names.map((name) => (row as Record<string, number>)[name] ?? Number.NaN));
  return fromFloats(columns, [rows.length, names.length]);
}

/** By the bytes of model and vectors. */
export function smallestFirst(cases: readonly CaseFiles[]): CaseFiles[] {
  const size = ({ model, sets }: CaseFiles): number =>
    [model, ...sets.flatMap(({ inputs, outputs }) => [...inputs, ...outputs])].reduce(
      (sum, path) => sum + statSync(path).size,
      0,
    );
  const sizes = new Map(cases.map((files) => [files, size(files)]));
  return cases.toSorted((a, b) => sizes.get(a)! - sizes.get(b)!);
}

/** Cases that the tests.tsv of `dir`, or of the folder around it, lists for `dir` and that were not found. */
export function missingCases(dir: string, found: readonly CaseFiles[]): string[] {
  const isWhole = existsSync(join(dir, "tests.tsv"));
  const list = join(isWhole ? dir : dirname(resolve(dir)), "tests.tsv");
  if (!existsSync(list)) return [];
  const names = new Set(found.map(({ name }) => name));
  const rows = readFileSync(list, "utf8").trim().split("\n").slice(1);
  return rows.flatMap((row) => {
    const [kind, test] = row.split("\t") as [string, string];
    if (isWhole) return names.has(`${kind}/${test}`) ? [] : [`${kind}/${test}`];
    return kind !== basename(resolve(dir)) || names.has(test) ? [] : [test];
  });
}

export const readBytes = (path: string): Uint8Array => new Uint8Array(readFileSync(path));
