import { closeSync, existsSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { MODEL_FILES, type ModelFile, modelFile, type StoredModel } from "./modelFiles.ts";
import { cardIntake, type Intake, ModelFilesError, programIntake, weightsIntake } from "./modelIntake.ts";

export function writeModel(folder: string, model: StoredModel): void {
  mkdirSync(folder, { recursive: true });
  for (const name of MODEL_FILES) {
    const file = openSync(join(folder, name), "w");
    for (const part of modelFile(model, name))
      for (let written = 0; written < part.length; ) written += writeSync(file, part, written);
    closeSync(file);
  }
}

/** @throws ModelFilesError; ProgramError if the Program is not valid */
export function readModel(folder: string): StoredModel {
  const read = <T>(name: ModelFile, intake: Intake<T>): T => {
    const path = join(folder, name);
    if (!existsSync(path))
      throw new ModelFilesError(`${path} is missing: a model folder holds ${MODEL_FILES.join(", ")}`);
    return readFile(path, intake);
  };
  const card = read("model.json", cardIntake());
  const program = read("program.bin", programIntake(card));
  return { ...card, ...program, ...read("weights.bin", weightsIntake(card, program.program)) };
}

function readFile<T>(path: string, intake: Intake<T>): T {
  const file = openSync(path, "r");
  try {
    const buffer = new Uint8Array(1 << 18);
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      intake.take(buffer.subarray(0, read));
    return intake.end();
  } finally {
    closeSync(file);
  }
}
