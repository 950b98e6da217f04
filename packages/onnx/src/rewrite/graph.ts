/** ONNX files changed in their graph; what is not touched stays as it is. */
import { type Field, fields, textOf } from "../wire.ts";
import { again, enclosed, joined, type Pieces, text, whole } from "./write.ts";

const GRAPH = 7;
/** fields of GraphProto */
export const PART = { node: 1, initializer: 5, input: 11, output: 12 } as const;

/** A file with another graph: `change` gives the new fields for each of the old ones, `more` what follows them. */
export const withGraph = (file: Uint8Array, change: (field: Field) => Pieces, more: Pieces): Uint8Array =>
  joined(
    [...fields(file, "ModelProto")].flatMap((field) => {
      if (field.number !== GRAPH) return again(field);
      const parts = [...fields(field.bytes, "GraphProto", field.offset)].flatMap(change);
      return enclosed(GRAPH, [...parts, ...more]);
    }),
  );

/** A file that gives these f32 tensors of its graph beside its own outputs. */
export const withOutputs = (file: Uint8Array, names: readonly string[]): Uint8Array =>
  withGraph(
    file,
    again,
    // TypeProto.tensor_type.elem_type: 1, float
    names.flatMap((name) => enclosed(PART.output, [...text(1, name), ...enclosed(2, enclosed(1, whole(1, 1)))])),
  );

/** The name of a part of a graph that has one: a tensor's is field 8, a port's field 1. */
export function nameOf({ number, bytes, offset }: Field): string {
  const at = number === PART.initializer ? 8 : 1;
  for (const field of fields(bytes, "GraphProto part", offset)) if (field.number === at) return textOf(field);
  return "";
}

/** A node with other inputs. */
export function reading(node: Field, inputs: readonly string[]): Pieces {
  const rest = [...fields(node.bytes, "NodeProto", node.offset)].filter(({ number }) => number !== 1);
  return enclosed(PART.node, [...inputs.flatMap((name) => text(1, name)), ...rest.flatMap(again)]);
}

export type NewNode = {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly axis?: number | undefined;
};

export const newNode = ({ operator, inputs, output, axis }: NewNode): Pieces =>
  enclosed(PART.node, [
    ...inputs.flatMap((name) => text(1, name)),
    ...text(2, output),
    ...text(3, output),
    ...text(4, operator),
    // AttributeProto.type 2: an integer
    ...(axis === undefined ? [] : enclosed(5, [...text(1, "axis"), ...whole(3, axis), ...whole(20, 2)])),
  ]);

/** TensorProto.DataType */
const TYPES = { f32: 1, u8: 2, i8: 3 } as const;

export type NewTensor = {
  readonly name: string;
  readonly type: keyof typeof TYPES;
  readonly dims: readonly number[];
  readonly data: Uint8Array;
};

export const newTensor = ({ name, type, dims, data }: NewTensor): Pieces =>
  enclosed(PART.initializer, [
    ...dims.flatMap((dim) => whole(1, dim)),
    ...whole(2, TYPES[type]),
    ...text(8, name),
    ...enclosed(9, [data]),
  ]);
