/** Runs a case on the reference and on the engine, fast, scalar and in parts, and names the first byte that differs. */
import { type Program, runReference, type Tensor } from "@opengradient/program";
import { type Compiled, type CompileOptions, compile, load } from "../src/index.ts";
import type { Case } from "./builders.ts";
import { runInParts } from "./parts.ts";

const hex = (bytes: Uint8Array, at: number): string =>
  [...bytes.slice(at - (at % 4), at - (at % 4) + 4)].map((b) => b.toString(16).padStart(2, "0")).join(" ");

export function firstDifference(program: Program, want: readonly Uint8Array[], got: readonly Uint8Array[]): string {
  if (got.length !== want.length) return `${got.length} results instead of ${want.length}`;
  for (const [k, right] of want.entries()) {
    const left = got[k]!;
    const at = right.findIndex((byte, i) => byte !== left[i]);
    if (at >= 0 || left.length !== right.length) {
      const loops = program.kernels[k]!.loops;
      return `kernel ${k} [${loops}], byte ${at}: ${hex(left, at)} instead of ${hex(right, at)}`;
    }
  }
  return "";
}

async function resultsOf(
  { program, weights, inputs }: Case,
  options: CompileOptions,
): Promise<[Compiled, Uint8Array[]]> {
  const compiled = await compile(program, options);
  const engine = await load(compiled, weights);
  // twice: nothing of a run may show in the next
  engine.run(inputs.map((tensor): Tensor => ({ ...tensor, data: tensor.data.map((byte) => byte ^ 0x55) })));
  const { results, outputs } = engine.trace(inputs);
  const plain = engine.run(inputs);
  program.outputs.forEach(({ kernel }, i) => {
    for (const data of [outputs[i]!.data, plain[i]!.data]) {
      if (data.some((byte, at) => byte !== results[kernel]![at]))
        throw new Error(`output ${i} is not result ${kernel}`);
    }
  });
  return [compiled, results];
}

/** Throws where the engine differs from the reference; else how the fast engine computed it. */
export async function compare(given: Case): Promise<Compiled> {
  const want = runReference(given.program, given.weights, given.inputs);
  const [fast, results] = await resultsOf(given, {});
  const [, scalar] = await resultsOf(given, { paths: "scalar" });
  const { results: pieced } = await runInParts(fast, given);
  const inFast = firstDifference(given.program, want, results);
  const inScalar = firstDifference(given.program, want, scalar);
  const inParts = firstDifference(given.program, want, pieced);
  if (inFast !== "" || inScalar !== "" || inParts !== "")
    throw new Error(`fast: ${inFast || "equal"}; scalar: ${inScalar || "equal"}; in parts: ${inParts || "equal"}`);
  return fast;
}
