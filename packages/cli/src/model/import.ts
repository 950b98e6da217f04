import { fromHex, keccak, modelRoot, programLeaves, toHex, treeRoot } from "@opengradient/commitments";
import { COMPILER, compile } from "@opengradient/compiler";
import { type ImportOptions, importGraph, type Port } from "@opengradient/onnx";
import { encodeHeader, encodeKernel, type Program, type Tensor, tensorsRoot } from "@opengradient/program";
import type { Hex } from "viem";

/** A Program with its weights, names for people, and everything that its identity hashes. */
export type Model = {
  readonly program: Program;
  readonly weights: readonly Tensor[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** where each kernel came from */
  readonly labels: readonly string[];
  /** what a user should know, in words */
  readonly notes: readonly string[];
  readonly header: Uint8Array;
  readonly descriptors: readonly Uint8Array[];
  readonly roots: Roots;
};

export type Roots = {
  readonly programRoot: Hex;
  readonly weightsRoot: Hex;
  /** keccak256 of the source file */
  readonly sourceHash: Hex;
  /** keccak256 of the compiler's name and version */
  readonly compilerHash: Hex;
  readonly modelRoot: Hex;
};

export const compilerHash = (): Hex => toHex(keccak(new TextEncoder().encode(COMPILER)));

/**
 * ONNX file → valid Program with its roots. The same bytes and options always give the same modelRoot.
 * @throws OnnxError, CompileError naming what can not be imported exactly
 */
export function importModel(bytes: Uint8Array, options: ImportOptions = {}): Model {
  const { inputs, outputs, notes, ...module } = importGraph(bytes, options);
  const { program, weights, labels } = compile(module);
  const hashes = { sourceHash: toHex(keccak(bytes)), compilerHash: compilerHash() };
  return { program, weights, inputs, outputs, labels, notes, ...encodeModel(program, weights, hashes) };
}

type Encoded = Pick<Model, "header" | "descriptors" | "roots">;

/** What is published of a Program, and its roots. */
export function encodeModel(
  program: Program,
  weights: readonly Tensor[],
  { sourceHash, compilerHash }: Pick<Roots, "sourceHash" | "compilerHash">,
): Encoded {
  const header = encodeHeader(program);
  const descriptors = program.kernels.map((kernel, k) => encodeKernel(kernel, k));
  const programRoot = treeRoot(programLeaves(header, descriptors));
  const weightsRoot = tensorsRoot(weights);
  const root = modelRoot({
    programRoot,
    weightsRoot,
    sourceHash: fromHex(sourceHash, 32),
    compilerHash: fromHex(compilerHash, 32),
  });
  return {
    header,
    descriptors,
    roots: {
      programRoot: toHex(programRoot),
      weightsRoot: toHex(weightsRoot),
      sourceHash,
      compilerHash,
      modelRoot: toHex(root),
    },
  };
}
