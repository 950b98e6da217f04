import {
  concatBytes,
  fromHex,
  type HashList,
  listRoot,
  modelRoot,
  pieceRoots,
  tensorRootOfPieces,
  toHex,
  treeRoot,
} from "@opengradient/commitments";
import {
  elementsOf,
  encodeHeader,
  encodeKernel,
  type Program,
  programLeavesOf,
  type Tensor,
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

/** What `model.json` says: the facts, and the roots that they and the other files make. */
export type ModelCard = ModelFacts & { readonly modelRoot: Hex; readonly programRoot: Hex; readonly weightsRoot: Hex };

export type StoredModel = ModelCard & {
  readonly program: Program;
  /** leaves of the program tree */
  readonly programLeaves: HashList;
  readonly weights: readonly Tensor[];
  /** tensorRoots of the weights */
  readonly weightRoots: HashList;
  /** `pieceRoots` of the weights, one after the other */
  readonly weightPieces: HashList;
};

export const MODEL_FILES = ["model.json", "program.bin", "weights.bin"] as const;
export type ModelFile = (typeof MODEL_FILES)[number];

const u32 = (value: number): Uint8Array => {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
};

/** The modelRoot that a card's other roots and hashes make. */
export const rootOfCard = (card: Omit<ModelCard, "modelRoot" | "name">): Hex =>
  toHex(
    modelRoot({
      programRoot: fromHex(card.programRoot, 32),
      weightsRoot: fromHex(card.weightsRoot, 32),
      sourceHash: fromHex(card.sourceHash, 32),
      compilerHash: fromHex(card.compilerHash, 32),
    }),
  );

/** A model with its roots, computed from its parts. */
export function modelOf(
  { name, sourceHash, compilerHash }: ModelFacts,
  program: Program,
  weights: readonly Tensor[],
): StoredModel {
  const leaves = programLeavesOf(program);
  const pieces = weights.map(({ data }) => pieceRoots(data));
  const weightRoots = concatBytes(
    weights.map((tensor, i) => tensorRootOfPieces(tensor.dtype, elementsOf(tensor), pieces[i]!)),
  );
  const roots = { programRoot: toHex(treeRoot(leaves)), weightsRoot: toHex(listRoot(weightRoots)) };
  const card = { name, sourceHash, compilerHash, ...roots };
  return {
    ...card,
    modelRoot: rootOfCard(card),
    program,
    programLeaves: leaves,
    weights,
    weightRoots,
    weightPieces: concatBytes(pieces),
  };
}

/**
 * The bytes of a file, in parts that are not copied. Before what can be long stand the hashes that each part of it is
 * checked with, so that a reader knows a false part when it has it (`modelIntake.ts`):
 * `program.bin`: u32 leaves of the program tree ‖ the leaves ‖ (u32 length ‖ bytes) of the header, then of each descriptor;
 * `weights.bin`: the weightPieces ‖ the weights' data. Integers are big-endian.
 */
export function modelFile(model: StoredModel, file: ModelFile): readonly Uint8Array[] {
  if (file === "weights.bin") return [model.weightPieces, ...model.weights.map(({ data }) => data)];
  if (file === "program.bin") {
    const { program, programLeaves } = model;
    const parts = [encodeHeader(program), ...program.kernels.map((kernel, k) => encodeKernel(kernel, k))];
    return [u32(parts.length), programLeaves, ...parts.flatMap((part) => [u32(part.length), part])];
  }
  const { name, modelRoot, programRoot, weightsRoot, sourceHash, compilerHash } = model;
  const card = { name, modelRoot, programRoot, weightsRoot, sourceHash, compilerHash };
  return [new TextEncoder().encode(`${JSON.stringify(card, null, 2)}\n`)];
}
