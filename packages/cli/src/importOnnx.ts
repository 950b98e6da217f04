/** The way from a file to a Program: ONNX → kernels → compiler. */
import { keccak } from "@opengradient/commitments";
import { COMPILER, compile } from "@opengradient/compiler";
import { type ImportOptions, importGraph, type Port } from "@opengradient/onnx";
import type { Program, Tensor } from "@opengradient/program";

export type ImportedModel = {
  readonly program: Program;
  readonly weights: readonly Tensor[];
  /** as the file names them, in the Program's order; `kernels` says which node each kernel came from */
  readonly names: {
    readonly inputs: readonly Port[];
    readonly outputs: readonly Port[];
    readonly kernels: readonly string[];
  };
  readonly sourceHash: Uint8Array;
  readonly compilerHash: Uint8Array;
  readonly notes: readonly string[];
};

export type ImportModelOptions = ImportOptions & {
  /** stop after this compiler pass; what comes out may be over budget */
  readonly after?: string;
};

/**
 * The same bytes and options give the same Program, everywhere.
 * @throws OnnxError when the file can not be imported exactly
 * @throws CompileError when an element of it could not be proven within budget
 */
export function importOnnx(bytes: Uint8Array, options: ImportModelOptions = {}): ImportedModel {
  const { inputs, outputs, notes, ...module } = importGraph(bytes, options);
  const { program, weights, labels } = compile(module, options);
  return {
    program,
    weights,
    names: { inputs, outputs, kernels: labels },
    sourceHash: keccak(bytes),
    compilerHash: keccak(new TextEncoder().encode(COMPILER)),
    notes,
  };
}
