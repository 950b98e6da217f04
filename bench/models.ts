/** What is measured: our own models, the target list, and folders of anybody's. */
import { existsSync, globSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { matmulFile } from "./matmulFile.ts";

export type Kind = "convolution" | "transformer" | "recurrent" | "product" | "other";

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
    name: "SqueezeNet",
    kind: "convolution",
    at: "models/squeezenet-binary/squeezenet_tensor_input.onnx",
    shapes: { data: [1, 3, 227, 227] },
  },
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

function ownModels(): Model[] {
  const folder = mkdtempSync(join(tmpdir(), "og-bench-"));
  mkdirSync(folder, { recursive: true });
  const size = { m: 512, k: 512, n: 512 };
  const weight = Float32Array.from({ length: 512 * 512 }, (_, i) => ((i * 7919) % 1024) / 512 - 1);
  const made = (name: string, bytes: Uint8Array): Model => {
    const path = join(folder, `${name}.onnx`);
    writeFileSync(path, bytes);
    return { name, kind: "product", path, shapes: {}, set: {} };
  };
  const digits = join(root, "packages/models/digits/digits.onnx");
  return [
    { name: "digits", kind: "convolution", path: digits, shapes: {}, set: {} },
    made("512³, one factor a weight", matmulFile(size, weight)),
    made("512³, both inputs", matmulFile(size)),
  ];
}

/** Our own models, then the target list; `missing` names what is not on this machine. */
export function defaultModels(): { readonly models: Model[]; readonly missing: string[] } {
  const targets = TARGETS.map(({ at, ...model }): Model => ({ shapes: {}, set: {}, ...model, path: join(data, at) }));
  return {
    models: [...ownModels(), ...targets.filter(({ path }) => existsSync(path))],
    missing: targets.filter(({ path }) => !existsSync(path)).map(({ name }) => name),
  };
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
