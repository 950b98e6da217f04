/** npm run bench -- [--json FILE] [--models DIR [--shape NAME=DIMS]…] [--rounds N] */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { matmulFile } from "./matmulFile.ts";
import { interleave, median } from "./measure.ts";
import { onNative, onWeb, ours, type Shapes } from "./runtimes.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

type Model = { readonly name: string; readonly file: () => Uint8Array; readonly shapes?: Shapes };

type Row = {
  readonly name: string;
  /** medians, milliseconds a run */
  readonly ours: number;
  readonly oursCommitted: number;
  readonly web: number;
  readonly node: number;
  /** how many times as fast as the other: medians of the rounds' ratios */
  readonly ratioWeb: number;
  readonly ratioNode: number;
  readonly best: { readonly ours: number; readonly web: number; readonly node: number };
  readonly first: { readonly ours: number; readonly web: number; readonly node: number };
  readonly prepared: { readonly import: number; readonly compile: number; readonly load: number };
  readonly kernels: number;
  readonly paths: Readonly<Record<string, number>>;
  /** largest difference between our outputs and onnxruntime-web's, relative to the largest output */
  readonly difference: number;
};

/** "ids=1,128" */
function shapesOf(given: readonly string[]): Shapes {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, dims] = /^(.+)=([1-9]\d*(?:,[1-9]\d*)*)$/.exec(text) ?? [];
      if (name === undefined) throw new Error(`--shape ${text}: write NAME=DIMS, such as ids=1,128`);
      return [name, dims!.split(",").map(Number)];
    }),
  );
}

function modelsIn(folder: string, shapes: Shapes): Model[] {
  return globSync("**/*.onnx", { cwd: folder })
    .sort()
    .map((path) => {
      const name = basename(path) === "model.onnx" ? basename(dirname(join(folder, path))) : basename(path, ".onnx");
      return { name, file: () => readFileSync(join(folder, path)), shapes };
    });
}

function defaultModels(): Model[] {
  const size = { m: 512, k: 512, n: 512 };
  const weight = Float32Array.from({ length: 512 * 512 }, (_, i) => ((i * 7919) % 1024) / 512 - 1);
  const models: Model[] = [
    { name: "digits", file: () => readFileSync(join(root, "packages/models/digits/digits.onnx")) },
    { name: "matmul-512", file: () => matmulFile(size, weight) },
    { name: "matmul-512-inputs", file: () => matmulFile(size) },
  ];
  const mnist = join(root, "../shared/data/models/mnist-8/model.onnx");
  if (existsSync(mnist)) models.splice(1, 0, { name: "mnist-8", file: () => readFileSync(mnist) });
  else console.log("mnist-8 left out: ../shared/data is not here");
  return models;
}

function differenceOf(a: readonly Uint8Array[], b: readonly Uint8Array[]): number {
  let largest = 0;
  let difference = 0;
  a.forEach((bytes, i) => {
    const x = new Float32Array(bytes.slice().buffer);
    const y = new Float32Array(b[i]!.slice().buffer);
    if (x.length !== y.length) throw new Error(`output ${i} has ${x.length} elements, onnxruntime-web's ${y.length}`);
    for (let j = 0; j < x.length; j++) {
      largest = Math.max(largest, Math.abs(y[j]!));
      difference = Math.max(difference, Math.abs(x[j]! - y[j]!));
    }
  });
  return largest === 0 ? difference : difference / largest;
}

/** Beyond this two correct f32 implementations do not differ on models like these. */
const TOLERANCE = 1e-3;

async function benchmark({ name, file, shapes = {} }: Model, rounds: number): Promise<Row> {
  const bytes = new Uint8Array(file());
  const { runtime, feeds, outputs } = await ours(bytes, shapes);
  const web = await onWeb(bytes, feeds, outputs);
  const native = await onNative(bytes, feeds, outputs);
  const timings = await interleave(
    [
      { name: "ours", run: runtime.run },
      { name: "web", run: web.run },
      { name: "node", run: native.run },
      { name: "committed", run: runtime.committed },
    ],
    rounds,
  );
  const difference = differenceOf(await runtime.run(), await web.run());
  if (!(difference <= TOLERANCE)) throw new Error(`${name}: outputs differ from onnxruntime-web's by ${difference}`);
  const [a, w, n] = [timings.get("ours")!, timings.get("web")!, timings.get("node")!];
  const ratio = (other: typeof a): number => median(other.rounds.map((ms, i) => ms / a.rounds[i]!));
  const paths: Record<string, number> = {};
  for (const path of runtime.paths) paths[path] = (paths[path] ?? 0) + 1;
  return {
    name,
    ours: a.median,
    oursCommitted: timings.get("committed")!.median,
    web: w.median,
    node: n.median,
    ratioWeb: ratio(w),
    ratioNode: ratio(n),
    best: { ours: a.best, web: w.best, node: n.best },
    first: { ours: a.first, web: w.first, node: n.first },
    prepared: runtime.prepared,
    kernels: runtime.paths.length,
    paths,
    difference,
  };
}

const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  platform: `${platform()} ${arch()}`,
  node: process.versions.node,
};

const COLUMNS = ["model", "ours", "+commit", "web", "node", "×web", "×node", "first", "web's", "differs"];

function line(cells: readonly string[]): string {
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(28) : cell.padStart(9))).join("");
}

const ms = (value: number): string => value.toFixed(value < 10 ? 3 : 1);

function printRow(row: Row): void {
  const times = [row.ours, row.oursCommitted, row.web, row.node].map(ms);
  const ratios = [row.ratioWeb, row.ratioNode].map((ratio) => ratio.toFixed(2));
  const firsts = [row.first.ours, row.first.web].map(ms);
  console.log(line([row.name, ...times, ...ratios, ...firsts, row.difference.toExponential(0)]));
}

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    models: { type: "string" },
    rounds: { type: "string", default: "21" },
    shape: { type: "string", multiple: true, default: [] },
  },
});
const rounds = Math.max(15, Number(values.rounds) || 0);
const rows: Row[] = [];
const refused: { name: string; reason: string }[] = [];
console.log(
  `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; one thread each, ${rounds} interleaved rounds`,
);
console.log("milliseconds a run (medians), input copy included; first = the first run after load");
console.log(line(COLUMNS));
for (const model of values.models ? modelsIn(values.models, shapesOf(values.shape)) : defaultModels()) {
  try {
    const row = await benchmark(model, rounds);
    rows.push(row);
    printRow(row);
  } catch (error) {
    if (!values.models) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    refused.push({ name: model.name, reason });
    console.log(`${model.name.padEnd(28)} left out: ${reason.slice(0, 160)}`);
  }
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, rounds, models: rows, refused }, null, 2)}\n`);
