import { constant, type Value } from "../builder.ts";
import { elementsOf, fromFloats, MAX_IMPORT_STEPS, numbersOf } from "../elements.ts";
import { formatOf } from "../formats.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

const power = (x: number, n: number): number => Array.from({ length: n }).reduce((all: number) => all * x, 1);

/** x^(1/n) of x ≥ 1, by halving. */
function root(x: number, n: number): number {
  let [low, high] = [1, x];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return high;
    if (power(middle, n) < x) low = middle;
    else high = middle;
  }
}

type Scale = {
  readonly bins: number;
  readonly length: number;
  readonly rate: number;
  readonly edges: readonly number[];
};

/**
 * Where the triangles begin, peak and end, in bins of the spectrum. Equal steps of 2595·log₁₀(1 + f/700) are equal factors of
 * 1 + f/700. A place so near a bin's edge that the rounding of logarithms decides is refused.
 */
function placesOf(node: Node, { bins, length, rate, edges: [low, high] }: Scale): number[] {
  const [first, last] = [1 + low! / 700, 1 + high! / 700];
  const factor = root(last / first, bins + 2);
  return Array.from({ length: bins + 2 }, (_, i) => {
    const place = ((length + 1) * 700 * (first * power(factor, i) - 1)) / rate;
    if (i === 0 && low === 0) return 0;
    const isClear = Math.abs(place - Math.round(place)) > 1e-9 * (1 + place);
    return isClear ? Math.floor(place) : node.refuse(`edge ${i} of the mel scale lies between two bins`);
  });
}

/** Triangles over the bins of a spectrum [bins of the spectrum, mel bins]; a constant, as all its inputs are. */
function melWeightMatrix(node: Node): Value {
  const number = (i: number, what: string): number => numbersOf(node.constant(i, what))[0] ?? 0;
  const [bins, length, rate] = [number(0, "num_mel_bins"), number(1, "dft_length"), number(2, "sample_rate")];
  const [low, high] = [number(3, "lower_edge_hertz"), number(4, "upper_edge_hertz")];
  const format = formatOf(node.int("output_datatype", 1), "the matrix");
  if (format.type !== "f32") return node.refuse(`output_datatype ${format.name} is not supported`);
  const dims = [Math.floor(length / 2) + 1, bins];
  const fits = bins >= 1 && length >= 1 && elementsOf(dims) <= MAX_IMPORT_STEPS && bins <= 0x1000;
  if (!fits || !(low >= 0 && high > low && 2 * high <= rate))
    return node.refuse(`${bins} mel bins from ${low} to ${high} Hz of ${length} samples at ${rate} Hz`);
  const places = placesOf(node, { bins, length, rate, edges: [low, high] });
  const matrix = Array.from({ length: dims[0]! }, (_, at) =>
    Array.from({ length: bins }, (_, i) => {
      const [start, peak, end] = places.slice(i, i + 3) as [number, number, number];
      if (at === peak) return 1;
      if (at < start || at >= end) return 0;
      return at < peak ? (at - start) / (peak - start) : (end - at) / (end - peak);
    }),
  );
  return { ...constant(fromFloats(matrix.flat(), dims)), format };
}

register("MelWeightMatrix", melWeightMatrix);
