/** Figures as lines and as a page. */
import { arch, cpus, platform } from "node:os";
import type { Row } from "./benchmark.ts";

export const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  platform: `${platform()} ${arch()}`,
  node: process.versions.node,
};

export type Refusal = { readonly name: string; readonly reason: string };

const ms = (value: number): string => value.toFixed(value < 10 ? 3 : 1);
const times = (value: number): string => value.toFixed(2);
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

type Column = { readonly head: string; readonly cell: (row: Row) => string };

const SPEED: readonly Column[] = [
  { head: "model", cell: ({ name }) => name },
  { head: "ours", cell: ({ measured }) => ms(measured["ours 1"]!.median) },
  { head: "+ commitment", cell: ({ committed }) => ms(committed.median) },
  { head: "web", cell: ({ measured }) => ms(measured["web 1"]!.median) },
  { head: "node", cell: ({ measured }) => ms(measured["node 1"]!.median) },
  { head: "× web", cell: ({ overWeb }) => times(overWeb[1]!.median) },
  { head: "best", cell: ({ overWeb }) => times(overWeb[1]!.best) },
  { head: "× node", cell: ({ overNode }) => times(overNode[1]!.median) },
  { head: "differs by", cell: ({ difference }) => difference.toExponential(0) },
];

const THREADS: readonly Column[] = [
  { head: "model", cell: ({ name }) => name },
  { head: "ours, 2", cell: ({ measured }) => (measured["ours 2"] ? ms(measured["ours 2"].median) : "") },
  { head: "× ours, 1", cell: ({ twoThreads }) => (twoThreads ? times(twoThreads.median) : "") },
  { head: "best", cell: ({ twoThreads }) => (twoThreads ? times(twoThreads.best) : "") },
  { head: "web, 2", cell: ({ measured }) => (measured["web 2"] ? ms(measured["web 2"].median) : "") },
  { head: "node, 2", cell: ({ measured }) => (measured["node 2"] ? ms(measured["node 2"].median) : "") },
  { head: "× web, 2", cell: ({ overWeb }) => (overWeb[2] ? times(overWeb[2].median) : "") },
  { head: "× node, 2", cell: ({ overNode }) => (overNode[2] ? times(overNode[2].median) : "") },
];

const held = (row: Row, name: string): number => row.measured[name]!.memory.wasm + row.measured[name]!.memory.buffers;

const START: readonly Column[] = [
  { head: "model", cell: ({ name }) => name },
  { head: "from ONNX", cell: ({ measured }) => ms(measured["ours 1"]!.prepared.import) },
  { head: "load", cell: ({ measured }) => ms(measured["ours 1"]!.prepared.load) },
  { head: "web's", cell: ({ measured }) => ms(measured["web 1"]!.prepared.load) },
  { head: "first run", cell: ({ measured }) => ms(measured["ours 1"]!.first) },
  { head: "web's", cell: ({ measured }) => ms(measured["web 1"]!.first) },
  { head: "MiB", cell: (row) => mebibytes(held(row, "ours 1")) },
  { head: "web's", cell: (row) => mebibytes(held(row, "web 1")) },
];

function geometricMean(rows: readonly Row[], of: (row: Row) => number): number {
  return Math.exp(rows.reduce((sum, row) => sum + Math.log(of(row)), 0) / rows.length);
}

const GROUPS = [
  ["convolutions and transformers", ["convolution", "transformer"]],
  ["recurrent", ["recurrent"]],
] as const;

function means(rows: readonly Row[]): string[] {
  return GROUPS.flatMap(([name, kinds]) => {
    const group = rows.filter(({ kind }) => kinds.some((one) => one === kind));
    if (group.length === 0) return [];
    const [median, best] = [
      geometricMean(group, (r) => r.overWeb[1]!.median),
      geometricMean(group, (r) => r.overWeb[1]!.best),
    ];
    return [`${name} (${group.length}): geometric mean × web ${times(median)}, of the best rounds ${times(best)}`];
  });
}

export const heading = (): string =>
  SPEED.map(({ head }, i) => (i === 0 ? head.padEnd(28) : head.padStart(13))).join("");

export const lineOf = (row: Row): string =>
  SPEED.map(({ cell }, i) => (i === 0 ? cell(row).padEnd(28) : cell(row).padStart(13))).join("");

function table(columns: readonly Column[], rows: readonly Row[]): string {
  const lines = [columns.map(({ head }) => head), columns.map((_, i) => (i === 0 ? "---" : "--:"))];
  return [...lines, ...rows.map((row) => columns.map(({ cell }) => cell(row)))]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

export type Report = {
  readonly rows: readonly Row[];
  readonly refused: readonly Refusal[];
  readonly rounds: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly date: string;
};

/** docs/performance.md */
export function page({ rows, refused, rounds, versions, date }: Report): string {
  const on = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `# Performance

Written by \`npm run bench -- --write\`: ${date}, ${machine.cpu}, ${machine.cores} cores, ${machine.platform}, Node ${machine.node}, ${on.join(", ")}.
Each model runs on each runtime in a process of its own; the processes run in turn, one at a time, ${rounds} rounds of about 12 ms each. Milliseconds a run are medians over the rounds, with the copy of the inputs; ratios are medians of the rounds' ratios, and "best" compares each one's best round. *web* is onnxruntime-web (WebAssembly SIMD), *node* onnxruntime-node (native code, wider vectors than WebAssembly has).

## One thread

${table(SPEED, rows)}

${means(rows)
  .map((line) => `- ${line}`)
  .join("\n")}

## Two threads

${table(THREADS, rows)}

## Before the first run

Milliseconds. A node or a page starts from a Program: *load* is from there until a run can begin; *from ONNX* happens once, when a model is published. Memory is what the process holds after all runs: WebAssembly memories and array buffers.

${table(START, rows)}
${refused.length === 0 ? "" : `\n## Left out\n\n${refused.map(({ name, reason }) => `- ${name}: ${reason}`).join("\n")}\n`}`;
}

export const summary = means;
