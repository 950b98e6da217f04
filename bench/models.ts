/** What is measured: our own models, the target list, and folders of anybody's. */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { valuesFor } from "./inputs.ts";
import { type Graph, matmulFile, modelFile } from "./protobuf.ts";
import { quantised } from "./quantise.ts";
import { trunkOf } from "./trunk.ts";

export type Kind = "convolution" | "transformer" | "recurrent" | "product" | "integer" | "other";

export type Model = {
  readonly name: string;
  readonly kind: Kind;
  readonly path: string;
  /** dimensions by name, for inputs that the file leaves open */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** inputs that become constants, because they decide shapes or branches */
  readonly set: Readonly<Record<string, number>>;
};

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const data = join(root, "../shared/data");

type Target = Omit<Model, "path" | "shapes" | "set"> & Partial<Pick<Model, "shapes" | "set">> & { readonly at: string };

/** Below the data folder, where that is present. */
const TARGETS: readonly Target[] = [
  { name: "UltraFace RFB-320", kind: "convolution", at: "models/ultraface/version-RFB-320.onnx" },
  {
    name: "Magika v3",
    kind: "convolution",
    at: "models/magika/standard_v3_3/model.onnx",
    shapes: { bytes: [1, 2048] },
  },
  {
    name: "CIFAR CNN",
    kind: "convolution",
    at: "models/cifar-cnn/cnn-cifar-01.onnx",
    shapes: { input: [1, 3, 32, 32] },
  },
  { name: "MNIST-8", kind: "convolution", at: "models/mnist-8/model.onnx" },
  {
    name: "stories260K",
    kind: "transformer",
    at: "llm/stories260K/stories260K.onnx",
    shapes: { tokens: [64] },
  },
  {
    name: "Silero VAD",
    kind: "recurrent",
    at: "models/silero-vad/silero_vad_16k_op15.onnx",
    shapes: { input: [1, 576], state: [2, 1, 128] },
    set: { sr: 16_000 },
  },
  { name: "DTLN", kind: "recurrent", at: "models/dtln/model_1.onnx" },
  { name: "GTCRN", kind: "recurrent", at: "models/gtcrn/gtcrn_simple.onnx" },
];

const folder = mkdtempSync(join(tmpdir(), "og-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true }));

function made(name: string, kind: Kind, bytes: Uint8Array): Model {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, bytes);
  return { name, kind, path, shapes: {}, set: {} };
}

/** A net and its 8-bit form. */
async function bothForms(name: string, graph: Graph): Promise<Model[]> {
  const feeds = graph.inputs.map(({ name, dims }) => {
    const values = valuesFor(
      "float32",
      dims.reduce((a, b) => a * b, 1),
    );
    return [name, Float32Array.from(values)] as const;
  });
  const small = await quantised(graph, new Map(feeds));
  return [made(name, "convolution", modelFile(graph)), made(`${name}, 8 bits`, "integer", modelFile(small))];
}

async function ownModels(): Promise<Model[]> {
  const size = { m: 512, k: 512, n: 512 };
  const weight = Float32Array.from({ length: 512 * 512 }, (_, i) => ((i * 7919) % 1024) / 512 - 1);
  const digits = readFileSync(join(root, "packages/models/digits/digits.onnx"));
  return [
    ...(await bothForms("digits", trunkOf(digits, "probabilities", [1, 1, 28, 28]))),
    made("512³, one factor a weight", "product", matmulFile(size, weight)),
    made("512³, both inputs", "product", matmulFile(size)),
  ];
}

/** Without its labels, which are strings. */
const SQUEEZENET = join(data, "models/squeezenet-binary/squeezenet_tensor_input.onnx");

/** Our own models, then the target list; `missing` names what is not on this machine. */
export async function defaultModels(): Promise<{ readonly models: Model[]; readonly missing: string[] }> {
  const targets = TARGETS.map(({ at, ...model }): Model => ({ shapes: {}, set: {}, ...model, path: join(data, at) }));
  const missing = targets.filter(({ path }) => !existsSync(path)).map(({ name }) => name);
  const squeezenet = existsSync(SQUEEZENET)
    ? await bothForms("SqueezeNet", trunkOf(readFileSync(SQUEEZENET), "loss1", [1, 3, 227, 227]))
    : [];
  if (squeezenet.length === 0) missing.push("SqueezeNet");
  const models = [...(await ownModels()), ...squeezenet, ...targets.filter(({ path }) => existsSync(path))];
  return { models, missing };
}

/** All ONNX files of a folder; one list of shapes and values serves them all. */
export function modelsIn(folder: string, given: Pick<Model, "shapes" | "set">): Model[] {
  return globSync("**/*.onnx", { cwd: folder })
    .sort()
    .map((at) => {
      const path = join(folder, at);
      const name = basename(at) === "model.onnx" ? basename(dirname(path)) : basename(at, ".onnx");
      return { name, kind: "other", path, ...given };
    });
}
