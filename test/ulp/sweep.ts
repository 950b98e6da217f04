/** Runs an operator through importer, compiler and engine over bit patterns of f32, and compares with double precision. */
import { compile } from "@opengradient/compiler";
import { compile as compileWasm, type Engine, load } from "@opengradient/engine";
import { importGraph } from "@opengradient/onnx";
import type { Tensor } from "@opengradient/program";
import { type AttributeValue, oneNode } from "../../packages/onnx/test/onnxFile.ts";
import type { Swept } from "./functions.ts";

const PATTERNS = 2 ** 32;
const SIGN = 2 ** 31;
/** numbers for each call of the engine */
export const CHUNK = 2 ** 20;

export type Found = {
  readonly name: string;
  readonly inputs: number;
  /** the greatest error in units in the last place of the exact value, and where */
  readonly ulps: number;
  readonly at: number;
  /** inputs whose result has the wrong kind or sign: NaN, a zero of the other sign */
  readonly wrong: number;
  readonly wrongAt: number | undefined;
};

const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);
/** 1 / (distance of neighbouring f32) by the exponent of a double */
const STEPS = Float64Array.from({ length: 2048 }, (_, biased) => 2 ** (23 - Math.max(biased - 1023, -126)));

/** |got − exact| in distances of f32 at `exact`; an overflow counts as 2^128. */
export function ulpsBetween(got: number, exact: number): number {
  double[0] = exact;
  const scale = STEPS[Math.min((doubleWords[1]! >>> 20) & 0x7ff, 1150)]!;
  const finite = Number.isFinite(got) ? got : Math.sign(got) * 2 ** 128;
  const wanted = Math.abs(exact) < 2 ** 128 ? exact : Math.sign(exact) * 2 ** 128;
  return Math.abs(finite - wanted) * scale;
}

export async function engineOf(
  operator: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  inputs = 1,
): Promise<Engine> {
  const x = { dims: [CHUNK], values: [] };
  const model = compile(importGraph(oneNode(operator, new Array(inputs).fill(x), attributes, { opset: 24 })));
  return load(await compileWasm(model.program), model.weights);
}

export function floatsOf([result]: readonly Tensor[]): Float32Array {
  const { buffer, byteOffset, length } = result!.data;
  return new Float32Array(buffer, byteOffset, length / 4);
}

/** Every `stride`-th pattern from `first` on; 1 for all of them. */
export async function sweep(swept: Swept, stride: number): Promise<Found> {
  const engine = await engineOf(swept.operator, swept.attributes);
  const words = new Uint32Array(CHUNK);
  const floats = new Float32Array(words.buffer);
  const run = (): Float32Array =>
    floatsOf(engine.run([{ dtype: 0, dims: [CHUNK], data: new Uint8Array(words.buffer) }]));
  const found = { name: swept.name, inputs: 0, ulps: 0, at: 0, wrong: 0, wrongAt: undefined as number | undefined };
  const most = swept.symmetry ? SIGN : PATTERNS;
  for (let start = 0; start < most; start += CHUNK * stride) {
    for (let i = 0; i < CHUNK; i++) words[i] = (start + i * stride) % most;
    const results = run().slice();
    compare(swept.exact, floats, results, found);
    found.inputs += CHUNK;
    if (!swept.symmetry) continue;
    for (let i = 0; i < CHUNK; i++) words[i] = words[i]! + SIGN;
    compareMirrored(swept.symmetry, floats, results, run(), found);
    found.inputs += CHUNK;
  }
  return found;
}

type Mutable = { -readonly [K in keyof Found]: Found[K] };

function compare(exact: Swept["exact"], inputs: Float32Array, got: Float32Array, found: Mutable): void {
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i]!;
    const want = exact(x);
    const have = got[i]!;
    // within half a distance; zeros have a sign
    if (have === Math.fround(want) && (have !== 0 || Object.is(have, Math.fround(want)))) continue;
    const isWrong = Number.isNaN(want) !== Number.isNaN(have) || (want === 0 && have === 0);
    if (isWrong) {
      found.wrong++;
      found.wrongAt ??= x;
    } else if (!Number.isNaN(want)) {
      const ulps = ulpsBetween(have, want);
      if (ulps > found.ulps) {
        found.ulps = ulps;
        found.at = x;
      }
    }
  }
}

/** What comes of −x must be what came of x, to the bit, but for the sign of an odd function. */
function compareMirrored(
  symmetry: "odd" | "even",
  inputs: Float32Array,
  right: Float32Array,
  left: Float32Array,
  found: Mutable,
): void {
  const sign = symmetry === "odd" ? -1 : 1;
  for (let i = 0; i < inputs.length; i++) {
    if (Object.is(left[i]!, sign * right[i]!)) continue;
    found.wrong++;
    found.wrongAt ??= inputs[i]!;
  }
}
