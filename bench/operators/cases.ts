/** What every family of random single-operator models is made with. */
import type { AttributeValue, TensorFacts, TypeName } from "../../packages/onnx/test/onnxFile.ts";

export type Case = {
  readonly op: string;
  readonly domain?: string;
  readonly opset: number;
  readonly inputs: readonly (TensorFacts | undefined)[];
  /** absent where undefined */
  readonly attributes?: Readonly<Record<string, AttributeValue | undefined>>;
  /** of the outputs; one f32 when absent */
  readonly types?: readonly TypeName[];
  /** inputs that are constants of the file */
  readonly bound?: readonly number[];
  /** TensorProto.DataType that an input is cast to before the operator sees it, by its number */
  readonly casts?: Readonly<Record<number, number | undefined>>;
  /** whether outputs are cast to `types`: they have a type that onnxruntime's interface has not */
  readonly back?: boolean;
  /** relative and absolute tolerance where the two may differ by more than rounding of f32 */
  readonly rtol?: number;
  readonly atol?: number;
  /** why onnxruntime is known to answer otherwise: the case is run, its outputs are not compared */
  readonly deviates?: string;
  /** how onnxruntime would end the process: it is not asked */
  readonly kills?: string;
};

export type Family = (r: Random) => Case;

export type Style = "plain" | "coarse" | "special" | "positive" | "unit";

export type Random = {
  readonly next: () => number;
  readonly int: (from: number, to: number) => number;
  readonly chance: (p?: number) => boolean;
  readonly pick: <T>(list: readonly T[]) => T;
  readonly dims: (rank: number, from?: number, to?: number) => number[];
  readonly shuffled: <T>(list: readonly T[]) => T[];
  readonly f32: (dims: readonly number[], style?: Style) => TensorFacts;
  readonly ints: (type: TypeName, dims: readonly number[], from?: number, to?: number) => TensorFacts;
  /** of any of these types */
  readonly tensor: (type: TypeName, dims: readonly number[]) => TensorFacts;
};

export const elements = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

const SPECIALS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1e30, -1e-30];

type Ranges = Partial<Record<TypeName, readonly [number, number]>>;

/** Least and greatest. */
export const RANGES = {
  u8: [0, 255],
  i8: [-128, 127],
  u16: [0, 65535],
  i16: [-32768, 32767],
  bool: [0, 1],
  u32: [0, 2 ** 32 - 1],
  i32: [-(2 ** 31), 2 ** 31 - 1],
} as const satisfies Ranges;

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  const chance = (p = 0.5): boolean => next() < p;
  const pick = <T>(list: readonly T[]): T => list[int(0, list.length - 1)]!;
  const f32 = (dims: readonly number[], style: Style = pick(["plain", "plain", "coarse"])): TensorFacts => ({
    dims,
    values: Array.from({ length: elements(dims) }, () => {
      if (style === "special" && chance(0.3)) return pick(SPECIALS);
      if (style === "coarse") return int(-6, 6) / 2;
      if (style === "positive") return Math.fround(next() * 3 + 0.1);
      if (style === "unit") return Math.fround(next() * 2 - 1);
      return Math.fround(next() * 6 - 3);
    }),
  });
  const ints = (type: TypeName, dims: readonly number[], from?: number, to?: number): TensorFacts => {
    const [low, high] = (RANGES as Ranges)[type] ?? [-9, 9];
    const wild = from === undefined && chance(0.3);
    const [a, b] = from !== undefined ? [from, to!] : wild ? [low, high] : [Math.max(low, -9), Math.min(high, 9)];
    return { type, dims, values: Array.from({ length: elements(dims) }, () => int(a, b)) };
  };
  return {
    next,
    int,
    chance,
    pick,
    dims: (rank, from = 1, to = 5) => Array.from({ length: rank }, () => int(from, to)),
    shuffled: (list) => {
      const all = [...list];
      for (let i = all.length - 1; i > 0; i--) {
        const j = int(0, i);
        [all[i], all[j]] = [all[j]!, all[i]!];
      }
      return all;
    },
    f32,
    ints,
    tensor: (type, dims) => (type === "f32" || type === "f64" ? { ...f32(dims), type } : ints(type, dims)),
  };
}

export const i64 = (values: readonly number[], dims: readonly number[] = [values.length]): TensorFacts => ({
  type: "i64",
  dims,
  values,
});

export const scalar = (value: number, type: TypeName = "f32"): TensorFacts => ({ type, dims: [], values: [value] });

/** Attributes that are there by chance. */
export function some(
  r: Random,
  attributes: Readonly<Record<string, () => AttributeValue>>,
  p = 0.5,
): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => (r.chance(p) ? [[name, value()]] : [])),
  );
}

/** An axis, from the front or from the end. */
export const anAxis = (r: Random, rank: number): number => r.int(-rank, rank - 1);

/** Several distinct axes, some counted from the end. */
export const someAxes = (r: Random, rank: number, least = 0): number[] =>
  r
    .shuffled(Array.from({ length: rank }, (_, i) => i))
    .slice(0, r.int(Math.min(least, rank), rank))
    .map((axis) => (r.chance(0.4) ? axis - rank : axis));

/** Types of elements that are only moved. */
export const MOVED: readonly TypeName[] = ["f32", "f32", "i32", "i8", "u8", "bool", "i16", "u16", "u32"];

/** Inputs without those at the end that are absent. */
export const trimmed = (inputs: readonly (TensorFacts | undefined)[]): readonly (TensorFacts | undefined)[] =>
  inputs.slice(0, inputs.findLastIndex((input) => input !== undefined) + 1);

/** Some of these places. */
export const maybe = (r: Random, ...places: number[]): number[] => places.filter(() => r.chance());

/** A shape that broadcasts to `all`. */
export const aPart = (r: Random, all: readonly number[]): number[] =>
  all.slice(r.chance(0.3) ? r.int(0, all.length) : 0).map((d) => (r.chance(0.25) ? 1 : d));

/** One of these as a float attribute. */
export const float =
  (...values: number[]) =>
  (r: Random): AttributeValue => ({ float: r.pick(values) });
