/** Reads the files of a model part by part; each part is checked with the hashes before it as soon as it is whole. */
import {
  concatBytes,
  type Hash,
  type HashList,
  hashAt,
  headerLeaf,
  kernelLeaf,
  listRoot,
  PIECE_BYTES,
  pieceCount,
  pieceRoots,
  sameBytes,
  tensorRootOfPieces,
  toHex,
  treeRoot,
} from "@opengradient/commitments";
import { decodeProgram, elementsOf, type Program, type Tensor, validateProgram, widthOf } from "@opengradient/program";
import type { Hex } from "viem";
import { type ModelCard, type ModelFile, rootOfCard, type StoredModel } from "./modelFiles.ts";

/** Files that are not the model that they are said to be. */
export class ModelFilesError extends Error {
  override readonly name = "ModelFilesError";
}

/** Takes a file as it comes. Both throw what is wrong with it, too many bytes and too few among that. */
export type Intake<T> = { take(part: Uint8Array): void; end(): T };

const MOST_CARD = 1 << 16;

/** Of `model.json`. Ends with ModelFilesError unless its roots make the modelRoot that it names, and that is the one `wanted`. */
export function cardIntake(wanted?: Hex): Intake<ModelCard> {
  let bytes = new Uint8Array(0);
  return {
    take(part) {
      bytes = concatBytes([bytes, part]) as Uint8Array<ArrayBuffer>;
      if (bytes.length > MOST_CARD) throw new ModelFilesError(`model.json has more than ${MOST_CARD} bytes`);
    },
    end: () => readCard(bytes, wanted),
  };
}

function readCard(bytes: Uint8Array, wanted: Hex | undefined): ModelCard {
  const card = parseCard(bytes);
  const hashes = ["modelRoot", "programRoot", "weightsRoot", "sourceHash", "compilerHash"] as const;
  for (const key of hashes)
    if (!/^0x[0-9a-f]{64}$/.test(card[key] ?? "")) throw new ModelFilesError(`model.json has no hash ${key}`);
  if (typeof card.name !== "string") throw new ModelFilesError("model.json names no model");
  const root = rootOfCard(card as ModelCard);
  if (root !== card.modelRoot)
    throw new ModelFilesError(`the roots in model.json make model ${root}, it says ${card.modelRoot}`);
  if (wanted !== undefined && root !== wanted) throw new ModelFilesError(`model.json is of ${root}, not of ${wanted}`);
  return card as ModelCard;
}

function parseCard(bytes: Uint8Array): Partial<ModelCard> {
  try {
    return Object(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new ModelFilesError("model.json is not JSON", { cause });
  }
}

/** Yields room for the bytes that come next, to be filled before it goes on; ends with what the file holds. */
type Reading<T> = Generator<Uint8Array, T, void>;

function* bytesOf(length: number): Reading<Uint8Array> {
  const room = new Uint8Array(length);
  yield room;
  return room;
}

function* numberOf(what: string, least: number, most: number): Reading<number> {
  const bytes = yield* bytesOf(4);
  const value = new DataView(bytes.buffer).getUint32(0);
  if (value < least || value > most) throw new ModelFilesError(`program.bin gives ${what} as ${value}`);
  return value;
}

/** What a header and a descriptor can have at most (docs/spec/program.md). */
const MOST_LEAVES = 65_537;
const MOST_HEADER = 1 << 22;
const MOST_DESCRIPTOR = 4_096;

type ProgramPart = Pick<StoredModel, "program" | "programLeaves">;

function* readProgram({ programRoot }: ModelCard): Reading<ProgramPart> {
  const count = yield* numberOf("the number of its parts", 2, MOST_LEAVES);
  const leaves = yield* bytesOf(32 * count);
  const root = toHex(treeRoot(leaves));
  if (root !== programRoot) throw new ModelFilesError(`the leaves in program.bin make ${root}, not ${programRoot}`);
  const header = yield* partOf("the header", MOST_HEADER, headerLeaf, hashAt(leaves, 0));
  const descriptors: Uint8Array[] = [];
  for (let k = 0; k + 1 < count; k++)
    descriptors.push(yield* partOf(`kernel ${k}`, MOST_DESCRIPTOR, kernelLeaf, hashAt(leaves, k + 1)));
  const program = decodeProgram(header, descriptors);
  validateProgram(program);
  return { program, programLeaves: leaves };
}

function* partOf(what: string, most: number, hash: (part: Uint8Array) => Hash, leaf: Hash): Reading<Uint8Array> {
  const part = yield* bytesOf(yield* numberOf(`the length of ${what}`, 1, most));
  if (!sameBytes(hash(part), leaf)) throw new ModelFilesError(`${what} in program.bin is not the one of its leaf`);
  return part;
}

type WeightsPart = Pick<StoredModel, "weights" | "weightRoots" | "weightPieces">;

function* readWeights({ weightsRoot }: ModelCard, program: Program): Reading<WeightsPart> {
  const sizes = program.weights.map((info) => elementsOf(info) * widthOf(info.dtype));
  const counts = sizes.map(pieceCount);
  const all = yield* bytesOf(32 * counts.reduce((sum, count) => sum + count, 0));
  let next = 0;
  const pieces = counts.map((count): HashList => {
    next += 32 * count;
    return all.subarray(next - 32 * count, next);
  });
  const roots = program.weights.map((info, i) => tensorRootOfPieces(info.dtype, elementsOf(info), pieces[i]!));
  const root = toHex(listRoot(concatBytes(roots)));
  if (root !== weightsRoot) throw new ModelFilesError(`the hashes in weights.bin make ${root}, not ${weightsRoot}`);
  const weights: Tensor[] = [];
  for (const [i, info] of program.weights.entries()) {
    const data = new Uint8Array(sizes[i]!);
    for (let p = 0; p < counts[i]!; p++) {
      const piece = data.subarray(p * PIECE_BYTES, (p + 1) * PIECE_BYTES);
      yield piece;
      if (!sameBytes(pieceRoots(piece), hashAt(pieces[i]!, p)))
        throw new ModelFilesError(
          `weight ${i} in weights.bin is false between bytes ${p * PIECE_BYTES} and ${p * PIECE_BYTES + piece.length}`,
        );
    }
    weights.push({ ...info, data });
  }
  return { weights, weightRoots: concatBytes(roots), weightPieces: all };
}

function intakeOf<T>(file: ModelFile, reading: Reading<T>): Intake<T> {
  let step = reading.next();
  let [filled, taken] = [0, 0];
  return {
    take(part) {
      for (let at = 0; at < part.length; ) {
        if (step.done) throw new ModelFilesError(`${file} goes on after its ${taken} bytes`);
        const piece = part.subarray(at, at + step.value.length - filled);
        step.value.set(piece, filled);
        filled += piece.length;
        at += piece.length;
        taken += piece.length;
        if (filled < step.value.length) continue;
        filled = 0;
        step = reading.next();
      }
    },
    end() {
      if (!step.done) throw new ModelFilesError(`${file} ends early, after ${taken} bytes`);
      return step.value;
    },
  };
}

/** Of `program.bin`. Throws ModelFilesError; ProgramError if the Program is not valid. */
export const programIntake = (card: ModelCard): Intake<ProgramPart> => intakeOf("program.bin", readProgram(card));

/** Of `weights.bin`. Throws ModelFilesError. */
export const weightsIntake = (card: ModelCard, program: Program): Intake<WeightsPart> =>
  intakeOf("weights.bin", readWeights(card, program));
