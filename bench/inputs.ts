/** The same made-up inputs for every runtime. */
import { type Constant, fromBigInts, type ImportOptions, type Port, readModel } from "@opengradient/onnx";
import type { Tensor } from "@opengradient/program";
import type { Model } from "./models.ts";

/** TensorProto.DataType, by the name that onnxruntime uses. */
const TYPES = { 1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 9: "bool" } as const;
type TypeName = (typeof TYPES)[keyof typeof TYPES];

export type Feed = {
  readonly name: string;
  readonly type: TypeName;
  readonly dims: readonly number[];
  readonly values: readonly number[];
};

/** Fractions in [0, 1), or whole numbers from 0 to 255, the same in every run. */
export function valuesFor(type: TypeName, elements: number): number[] {
  let state = 1;
  return Array.from({ length: elements }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    if (type === "float32") return (state >>> 8) / 0x1000000;
    return type === "bool" ? state >>> 31 : (state >>> 24) & (type === "int8" ? 127 : 255);
  });
}

/** @throws Error for an input of another type, or with a dimension that nothing gives */
export function feedsFor(file: Uint8Array, { shapes, set }: Model): Feed[] {
  const { graph } = readModel(file);
  const initialised = new Set(graph.initializers.map(({ name }) => name));
  return graph.inputs
    .filter(({ name }) => !initialised.has(name))
    .map(({ name, type, dims }) => {
      const typeName = TYPES[type as keyof typeof TYPES];
      if (!typeName) throw new Error(`input ${name}: nothing is made up for type ${type}`);
      const given = (shapes[name] ?? dims ?? []).map((dim) => {
        if (typeof dim !== "number") throw new Error(`input ${name}: give its dimensions with --shape ${name}=…`);
        return dim;
      });
      const elements = given.reduce((a, b) => a * b, 1);
      const value = set[name];
      const values = value === undefined ? valuesFor(typeName, elements) : new Array<number>(elements).fill(value);
      return { name, type: typeName, dims: given, values };
    });
}

const ARRAYS = {
  float32: Float32Array,
  int32: Int32Array,
  int64: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

const HELD = { float32: "f32", int32: "i32", int8: "i8", uint8: "u8", bool: "bool" } as const;

function constantOf({ type, dims, values }: Feed): Constant {
  if (type === "int64") return fromBigInts(values.map(BigInt), dims, "i64");
  return { type: HELD[type], dims, data: new Uint8Array(new ARRAYS[type](values).buffer) };
}

/** How the file is to be imported, shapes and constants of its own inputs only. */
export function importOptions(feeds: readonly Feed[], { shapes, set }: Model): ImportOptions {
  const own = feeds.filter(({ name }) => name in shapes && !(name in set));
  const fixed = feeds.filter(({ name }) => name in set);
  return {
    shapes: Object.fromEntries(own.map(({ name, dims }) => [name, dims])),
    set: Object.fromEntries(fixed.map((feed) => [feed.name, constantOf(feed)])),
  };
}

/** As our engine takes them. */
export function tensorsFor(
  feeds: readonly Feed[],
  ports: readonly Port[],
  program: { inputs: readonly Pick<Tensor, "dtype">[] },
): Tensor[] {
  return ports.map(({ name, dims }, i) => {
    const feed = feeds.find((candidate) => candidate.name === name)!;
    const { buffer } = new ARRAYS[feed.type](feed.values);
    return { dtype: program.inputs[i]!.dtype, dims, data: new Uint8Array(buffer) };
  });
}

/** As onnxruntime takes them. */
export const ortData = ({ type, values }: Feed) =>
  type === "int64" ? BigInt64Array.from(values.map(BigInt)) : new ARRAYS[type](values);

export const numbersOf = (data: unknown): number[] => Array.from(data as ArrayLike<number | bigint>, Number);
