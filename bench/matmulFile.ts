/** A one-node ONNX file, C = A·B, written as protobuf by hand. */

const varint = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))];
const number = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const bytes = (field: number, content: ArrayLike<number>): number[] => [
  ...varint(field * 8 + 2),
  ...varint(content.length),
  ...Array.from(content),
];
const text = (field: number, value: string): number[] => bytes(field, new TextEncoder().encode(value));

const FLOAT = 1;

function valueInfo(field: number, name: string, dims: readonly number[]): number[] {
  const shape = dims.flatMap((dim) => bytes(1, number(1, dim)));
  const tensor = [...number(1, FLOAT), ...bytes(2, shape)];
  return bytes(field, [...text(1, name), ...bytes(2, bytes(1, tensor))]);
}

function initializer(name: string, dims: readonly number[], data: Float32Array): number[] {
  const head = [...dims.flatMap((dim) => number(1, dim)), ...number(2, FLOAT), ...text(8, name)];
  return bytes(5, [...head, ...bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))]);
}

export type Matmul = { readonly m: number; readonly k: number; readonly n: number };

/** `A` [m, k] times `B` [k, n]; with `weight`, that is B, else B is the second input. */
export function matmulFile({ m, k, n }: Matmul, weight?: Float32Array): Uint8Array {
  const node = [...text(1, "A"), ...text(1, "B"), ...text(2, "C"), ...text(4, "MatMul")];
  const graph = [
    ...bytes(1, node),
    ...text(2, "matmul"),
    ...(weight ? initializer("B", [k, n], weight) : []),
    ...valueInfo(11, "A", [m, k]),
    ...(weight ? [] : valueInfo(11, "B", [k, n])),
    ...valueInfo(12, "C", [m, n]),
  ];
  return Uint8Array.from([...number(1, 8), ...bytes(7, graph), ...bytes(8, number(2, 13))]);
}
