import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chunk, type GraphFacts, modelBytes, oneNode, tensorBytes } from "../../packages/onnx/test/onnxFile.ts";

const main = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "hostile-"));
afterAll(() => rmSync(dir, { recursive: true }));

const MEASURE =
  "data:text/javascript,process.on('exit',()=>process.stderr.write('\\n@'+process.resourceUsage().maxRSS+' '+process.cpuUsage().user))";

type Outcome = {
  readonly code: number;
  readonly message: string;
  readonly seconds: number;
  readonly megabytes: number;
};

/** `og import` of a file, in a process of its own: what it says, its processor seconds and its greatest memory. */
function imported(name: string, bytes: Uint8Array, ...words: readonly string[]): Promise<Outcome> {
  const file = join(dir, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, bytes);
  return new Promise((done) => {
    const args = ["--import", MEASURE, main, "import", file, "-o", `${file}.og`, ...words];
    execFile(process.execPath, args, (error, _out, err) => {
      const [, kilobytes, microseconds] = /@(\d+) (\d+)$/.exec(err) ?? [];
      done({
        code: Number(error?.code ?? 0),
        message: err.replace(/\n@.*$/, "").trim(),
        seconds: Number(microseconds) / 1e6,
        megabytes: Number(kilobytes) / 1024,
      });
    });
  });
}

/** Processor seconds of the same command for a file of one node: on a quiet machine some 0.7, most of it the process's start. */
let unit = Number.POSITIVE_INFINITY;
beforeAll(async () => {
  for (const name of ["first.onnx", "second.onnx"])
    unit = Math.min(unit, (await imported(name, modelBytes(relu))).seconds);
});

const relu: GraphFacts = {
  inputs: [{ name: "x", dims: [2] }],
  nodes: [{ op: "Relu", inputs: ["x"], outputs: ["y"] }],
  outputs: [{ name: "y" }],
};
const shape = (...values: number[]) => ({ type: "i64" as const, dims: [values.length], values });
const bomb = (op: string, ...inputs: Parameters<typeof oneNode>[1]) => oneNode(op, inputs, {}, { bound: [0, 1, 2] });

/** A field of bytes too many for an array of numbers. */
function field(number: number, bytes: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest > 127; rest = Math.floor(rest / 128)) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), bytes]);
}
/** A model with a second graph field, which takes the first one's place. */
const withGraph = (graph: Uint8Array): Buffer => Buffer.concat([modelBytes(relu), field(7, graph)]);
const manyNodes = (count: number): Buffer => {
  const one = field(1, Buffer.from(nodeOf("y")));
  return withGraph(Buffer.alloc(one.length * count, one));
};
/** ints of one byte each */
const hugeAttribute = (count: number): Buffer => {
  const attribute = Buffer.concat([Buffer.from(text(1, "axes")), field(8, Buffer.alloc(count, 1))]);
  return withGraph(field(1, Buffer.concat([Buffer.from(nodeOf("y")), field(5, attribute)])));
};
const text = (field: number, value: string): number[] => chunk(field, Buffer.from(value));
const nodeOf = (name: string): number[] => [...text(1, "x"), ...text(2, name), ...text(4, "Relu")];

const external = (location: string, length = 8): Uint8Array => {
  const entry = (key: string, value: string) => chunk(13, [...text(1, key), ...text(2, value)]);
  const tensor = [
    ...tensorBytes({ name: "w", dims: [2], values: [] }).slice(0, -2),
    ...entry("location", location),
    ...entry("length", String(length)),
    0x70,
    1,
  ];
  const add = chunk(1, [...text(1, "x"), ...text(1, "w"), ...text(2, "z"), ...text(4, "Add")]);
  const port = (name: string) => [...text(1, name), ...chunk(2, chunk(1, [8, 1, ...chunk(2, chunk(1, [8, 2]))]))];
  return withGraph(Buffer.from([...add, ...chunk(5, tensor), ...chunk(11, port("x")), ...chunk(12, port("z"))]));
};

describe("files made to do harm", () => {
  const FILES: readonly (readonly [name: string, bytes: () => Uint8Array, reason: RegExp])[] = [
    ["expand", () => bomb("Expand", shape(1), shape(2 ** 20, 2 ** 20)), /more than 2\^30 elements/],
    ["shape", () => bomb("ConstantOfShape", shape(2 ** 31, 2 ** 31)), /more than 2\^30 elements/],
    [
      "range",
      () => bomb("Range", { ...shape(0), dims: [] }, { ...shape(2 ** 40), dims: [] }, { ...shape(1), dims: [] }),
      /1099511627776 elements/,
    ],
    ["tile", () => bomb("Tile", shape(1, 2), shape(2 ** 40)), /dimension|elements/],
    [
      "weight",
      () => modelBytes({ ...relu, weights: [{ name: "x", dims: [2 ** 29], values: [1] }] }),
      /needs 2147483648 bytes and has 4/,
    ],
    ["negative", () => modelBytes({ ...relu, inputs: [{ name: "x", dims: [-4] }] }), /dimension of -4/],
    ["cycle", () => modelBytes({ ...relu, nodes: [{ op: "Relu", inputs: ["y"], outputs: ["y"] }] }), /a cycle/],
    [
      "control",
      () => modelBytes({ ...relu, nodes: [{ op: "Re\u001b[2Jlu", inputs: ["x"], outputs: ["y"] }] }),
      /control characters in a name/,
    ],
    [
      "turned",
      () => modelBytes({ ...relu, inputs: [{ name: "x\u202egpj", dims: [2] }] }),
      /control characters in a name/,
    ],
    ["nodes", () => manyNodes(1_000_000), /more than 131072 nodes/],
    ["attribute", () => hugeAttribute(30_000_000), /more than 2097152 integers/],
    ["fields", () => Buffer.alloc(20_000_000, Buffer.from([0x10, 1])), /more than 2097152 fields/],
    ["above", () => external("../outside.bin"), /lies outside the model's folder/],
    ["absolute", () => external("/etc/passwd"), /lies outside the model's folder/],
    ["absent", () => external("weights.bin"), /does not exist beside the model/],
  ];

  it.each(FILES)("%s: refused with its error, at once, in little memory", async (name, bytes, reason) => {
    const { code, message, seconds, megabytes } = await imported(`${name}.onnx`, bytes());
    expect(message).toMatch(reason);
    expect(code).toBe(2);
    expect(seconds / unit).toBeLessThan(3);
    expect(megabytes).toBeLessThan(512);
  });

  it("a link out of the folder is not followed; a file in it is read", async () => {
    writeFileSync(join(dir, "secret.bin"), Buffer.alloc(8));
    mkdirSync(join(dir, "inner"), { recursive: true });
    symlinkSync(join(dir, "secret.bin"), join(dir, "inner", "link.bin"));
    writeFileSync(join(dir, "inner", "weights.bin"), Buffer.from(Float32Array.of(1, 2).buffer));
    expect((await imported("inner/a.onnx", external("link.bin"))).message).toMatch(/leads outside the model's folder/);
    expect((await imported("inner/b.onnx", external("weights.bin"))).code).toBe(0);
    expect((await imported("inner/c.onnx", external("weights.bin", 80))).message).toMatch(/has 8 bytes, needed are 80/);
  });

  it("a long chain that the file has backwards is imported in time", async () => {
    const count = 20_000;
    const nodes = Array.from({ length: count }, (_, i) => ({
      op: "Identity",
      inputs: [`t${i}`],
      outputs: [`t${i + 1}`],
    }));
    const graph = { inputs: [{ name: "t0", dims: [2] }], nodes: nodes.reverse(), outputs: [{ name: `t${count}` }] };
    const { code, seconds } = await imported("chain.onnx", modelBytes(graph));
    expect(code).toBe(0);
    expect(seconds / unit).toBeLessThan(5);
  });
});
