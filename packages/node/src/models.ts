import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  decodeModel,
  encodeModel,
  MODEL_FILES,
  type ModelFile,
  ModelFilesError,
  type StoredModel,
} from "./modelFiles.ts";

export function writeModel(folder: string, model: StoredModel): void {
  mkdirSync(folder, { recursive: true });
  const files = encodeModel(model);
  for (const name of MODEL_FILES) writeFileSync(join(folder, name), files[name]);
}

/** @throws ModelFilesError */
export function readModel(folder: string): StoredModel {
  const read = (name: ModelFile): Uint8Array => {
    const path = join(folder, name);
    if (!existsSync(path))
      throw new ModelFilesError(`${path} is missing: a model folder holds ${MODEL_FILES.join(", ")}`);
    return new Uint8Array(readFileSync(path));
  };
  return decodeModel({
    "model.json": read("model.json"),
    "program.bin": read("program.bin"),
    "weights.bin": read("weights.bin"),
  });
}
