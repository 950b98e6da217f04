import { constant, type Value, view } from "../builder.ts";
import { elementsOf, fromFloats, MAX_IMPORT_STEPS, numbersOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { fadd, float, fmul, state } from "../scalar.ts";
import { cosTurn, sinTurn } from "../turns.ts";

/** What becomes of n numbers of `from` parts (real, imaginary): k numbers of `to` parts, by a matrix for transforms of `length`. */
type Transform = {
  readonly length: number;
  readonly k: number;
  readonly to: number;
  readonly n: number;
  readonly from: number;
  /** −1 forward, 1 back */
  readonly sign: number;
  /** of each input number */
  readonly weight: (n: number) => number;
};

/** [k, to, n, from] */
function matrixOf(node: Node, { length, k, to, n, from, sign, weight }: Transform): Value {
  const dims = [k, to, n, from];
  if (elementsOf(dims) > MAX_IMPORT_STEPS) return node.refuse(`a transform matrix of [${dims}] is too large`);
  // only length different angles
  const turns = Array.from({ length }, (_, i) => [cosTurn(i, length), sign * sinTurn(i, length)] as const);
  const values: number[] = [];
  for (let out = 0; out < k; out++)
    for (let part = 0; part < to; part++)
      for (let at = 0; at < n; at++) {
        const [cos, sin] = turns[(out * at) % length]!;
        const factors = part === 0 ? [cos, -sin] : [sin, cos];
        for (let q = 0; q < from; q++) values.push(factors[q]! * weight(at));
      }
  return constant(fromFloats(values, dims));
}

/** `axis` is an attribute before operator set 20, an input from then on; the last dimension is 1 (real) or 2 (complex). */
function dft(node: Node): Value {
  const x = node.typed(0, "f32");
  const rank = x.dims.length;
  const given = node.opset < 20 ? node.int("axis", 1) : node.optional(2) ? node.integers(2, "axis")[0]! : -2;
  const axis = node.axis(given, rank);
  const [inverse, onesided] = [node.int("inverse", 0) !== 0, node.int("onesided", 0) !== 0];
  const from = x.dims.at(-1)!;
  if (axis === rank - 1 || from > 2) return node.refuse(`axis ${given} of [${x.dims}]`);
  // a real signal's spectrum is half of it
  const half = inverse && onesided;
  if (onesided && from !== (inverse ? 2 : 1)) return node.refuse(`onesided with [${x.dims}]`);
  const whole = half ? 2 * (x.dims[axis]! - 1) : x.dims[axis]!;
  const length = node.optional(1) ? numbersOf(node.constant(1, "dft_length"))[0]! : whole;
  if (!(length >= 1)) return node.refuse(`dft_length ${length}`);
  const n = Math.min(x.dims[axis]!, half ? Math.floor(length / 2) + 1 : length);
  const k = onesided && !inverse ? Math.floor(length / 2) + 1 : length;
  const to = half ? 1 : 2;
  const twice = (at: number): number => (half && at > 0 && 2 * at !== length ? 2 : 1);
  const weight = (at: number): number => (inverse ? twice(at) / length : 1);
  const matrix = matrixOf(node, { length, k, to, n, from, sign: inverse ? 1 : -1, weight });
  return node.build.fold("f32", [...x.dims.with(axis, k).slice(0, -1), to], {
    over: [n, from],
    init: () => [float(0)],
    step: ({ loops, folds: [at, part], read }) => {
      const index = loops.with(axis, at!).with(-1, part!);
      return [fadd(state(), fmul(read(x, index), read(matrix, [loops[axis]!, loops.at(-1)!, at!, part!])))];
    },
    done: () => state(),
  });
}

/** Transforms of windows of a signal [batch, length, parts], frame_step apart. */
function stft(node: Node): Value {
  const given = node.typed(0, "f32");
  const x = given.dims.length === 2 ? view(given, [...given.dims, 1]) : given;
  const step = node.integers(1, "frame_step")[0]!;
  const window = node.optional(2) && node.typed(2, "f32");
  const length = node.optional(3) ? node.integers(3, "frame_length")[0]! : window?.dims[0];
  const onesided = node.int("onesided", 1) !== 0;
  if (length === undefined) return node.refuse("neither window nor frame_length is given");
  const [batch, samples, from] = x.dims as [number, number, number];
  const frames = Math.floor((samples - length) / step) + 1;
  const fits = x.dims.length === 3 && from <= (onesided ? 1 : 2) && step >= 1 && length >= 1 && frames >= 1;
  if (!fits || (window && String(window.dims) !== String([length])))
    return node.refuse(`frames of ${length}, ${step} apart, of [${given.dims}] with a window [${window?.dims ?? ""}]`);
  const k = onesided ? Math.floor(length / 2) + 1 : length;
  const plain = matrixOf(node, { length, k, to: 2, n: length, from, sign: -1, weight: () => 1 });
  const matrix = window
    ? node.build.map("f32", plain.dims, ({ loops, read }) => fmul(read(plain, loops), read(window, [loops[2]!])))
    : plain;
  return node.build.fold("f32", [batch, frames, k, 2], {
    over: [length, from],
    init: () => [float(0)],
    step: ({ loops: [b, frame, out, to], folds: [at, part], read }) => {
      const place = { base: 0, coef: frame!.coef.map((c, i) => c * step + at!.coef[i]!) };
      return [fadd(state(), fmul(read(x, [b!, place, part!]), read(matrix, [out!, to!, at!, part!])))];
    },
    done: () => state(),
  });
}

register("DFT", dft);
register("STFT", stft);
