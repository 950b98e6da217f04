import { concatBytes, fromHex, type HashList, modelRoot, toHex } from "@opengradient/commitments";
import {
  decodeProgram,
  elementsOf,
  encodeHeader,
  encodeKernel,
  type Program,
  programRoot,
  type Tensor,
  tensorRootOf,
  tensorsRoot,
  validateProgram,
  widthOf,
} from "@opengradient/program";
import type { Hex } from "viem";

/** What a model is beside its Program and weights. */
export type ModelFacts = {
  readonly name: string;
  /** keccak256 of the source file */
  readonly sourceHash: Hex;
  /** keccak256 of the compiler's name and version */
  readonly compilerHash: Hex;
};

export type StoredModel = ModelFacts & {
  readonly modelRoot: Hex;
  readonly program: Program;
  readonly weights: readonly Tensor[];
  /** tensorRoots of the weights */
  readonly weightRoots: HashList;
};

/** Files that are not the model that they are said to be. */
export class ModelFilesError extends Error {
  override readonly name = "ModelFilesError";
}

export const MODEL_FILES = ["model.json", "program.bin", "weights.bin"] as const;
export type ModelFile = (typeof MODEL_FILES)[number];
export type ModelBytes = Readonly<Record<ModelFile, Uint8Array>>;

const u32 = (value: number): Uint8Array => {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
};

/** `(u32 length ‖ bytes)` of the header, then of each descriptor, big-endian. */
const encodeProgramFile = (program: Program): Uint8Array =>
  concatBytes(
    [encodeHeader(program), ...program.kernels.map((kernel, k) => encodeKernel(kernel, k))].flatMap((part) => [
      u32(part.length),
      part,
    ]),
  );

/** @throws ModelFilesError or ProgramError */
function decodeProgramFile(bytes: Uint8Array): Program {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw new ModelFilesError("program.bin ends in the middle of a length");
    const length = view.getUint32(at);
    if (at + 4 + length > bytes.length) throw new ModelFilesError("program.bin ends in the middle of a part");
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const [header, ...descriptors] = parts;
  if (!header) throw new ModelFilesError("program.bin is empty");
  return decodeProgram(header, descriptors);
}

function splitWeights(program: Program, bytes: Uint8Array): Tensor[] {
  let at = 0;
  const weights = program.weights.map((info) => {
    const length = elementsOf(info) * widthOf(info.dtype);
    at += length;
    return { ...info, data: bytes.slice(at - length, at) };
  });
  if (at !== bytes.length)
    throw new ModelFilesError(`weights.bin has ${bytes.length} bytes and the header asks for ${at}`);
  return weights;
}

/** A model with its roots, computed from its parts. */
export function modelOf(facts: ModelFacts, program: Program, weights: readonly Tensor[]): StoredModel {
  const root = modelRoot({
    programRoot: programRoot(program),
    weightsRoot: tensorsRoot(weights),
    sourceHash: fromHex(facts.sourceHash, 32),
    compilerHash: fromHex(facts.compilerHash, 32),
  });
  const { name, sourceHash, compilerHash } = facts;
  const weightRoots = concatBytes(weights.map(tensorRootOf));
  return { name, sourceHash, compilerHash, modelRoot: toHex(root), program, weights, weightRoots };
}

export function encodeModel({ program, weights, name, sourceHash, compilerHash, modelRoot }: StoredModel): ModelBytes {
  return {
    "model.json": new TextEncoder().encode(
      `${JSON.stringify({ name, modelRoot, sourceHash, compilerHash }, null, 2)}\n`,
    ),
    "program.bin": encodeProgramFile(program),
    "weights.bin": concatBytes(weights.map(({ data }) => data)),
  };
}

/** @throws ModelFilesError if what the files hold has another root than model.json says; ProgramError if it is not valid */
export function decodeModel(files: ModelBytes): StoredModel {
  const said = JSON.parse(new TextDecoder().decode(files["model.json"])) as ModelFacts & { modelRoot: Hex };
  const program = decodeProgramFile(files["program.bin"]);
  validateProgram(program);
  const model = modelOf(said, program, splitWeights(program, files["weights.bin"]));
  if (model.modelRoot !== said.modelRoot)
    throw new ModelFilesError(`the files make model ${model.modelRoot}, model.json says ${said.modelRoot}`);
  return model;
}
