import { checkTensors } from "@opengradient/program";
import { decodePackage, encodePackage, type Package, PackageError, packageInput } from "@opengradient/protocol";
import type { Hex } from "viem";
import type { Blobs } from "./blobs.ts";
import type { LoadedModel } from "./executor.ts";

/** Inputs on disk, by the hash that a claim or a request names. */
export type Inputs = {
  /** @throws PackageError if the bytes are another input, TensorError if the model can not take it */
  keep(model: LoadedModel, input: Hex, bytes: Uint8Array): void;
  get(input: Hex): Package | undefined;
  has(input: Hex): boolean;
};

export const openInputs = (blobs: Blobs): Inputs => ({
  keep(model, input, bytes) {
    const found = decodePackage(bytes);
    if (packageInput(found) !== input) throw new PackageError(`these bytes are input ${packageInput(found)}`);
    checkTensors("input", model.program.inputs, found.tensors);
    blobs.put(input, encodePackage(found));
  },
  get(input) {
    const bytes = blobs.get(input);
    return bytes && decodePackage(bytes);
  },
  has: blobs.has,
});
