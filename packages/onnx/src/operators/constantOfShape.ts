import { constant, type Value, view } from "../builder.ts";
import {
  type Constant,
  checkDims,
  elementsOf,
  fits,
  fromBigInts,
  fromFloats,
  MAX_IMPORT_STEPS,
  widthOf,
} from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";
import { word } from "../scalar.ts";

function constantOfShape(node: Node): Value {
  const dims = node.integers(0, "shape");
  checkDims(dims, "shape");
  const given = node.tensor("value") ?? constant(fromFloats([0], [1]));
  const value = node.build.known(given)!;
  if (elementsOf(value.dims) !== 1) return node.refuse(`value has [${value.dims}], expected one element`);
  const bits = widthOf(value.type) === 4 ? numberBits(value) : value.data[0]!;
  if (elementsOf(dims) > MAX_IMPORT_STEPS && !fits(value)) return node.refuse(`a constant of [${dims}] is too large`);
  if (elementsOf(dims) > MAX_IMPORT_STEPS) return node.build.map(value.type, dims, () => word(bits));
  if (value.wide) return constant(fromBigInts(new Array<bigint>(elementsOf(dims)).fill(value.wide[0]!), dims));
  const data = new Uint8Array(elementsOf(dims) * widthOf(value.type));
  if (widthOf(value.type) === 1) data.fill(bits);
  else new Int32Array(data.buffer).fill(bits);
  return view(constant({ ...value, dims, data }), dims);
}

const numberBits = ({ data }: Constant): number => new DataView(data.buffer, data.byteOffset).getInt32(0, true);

register("ConstantOfShape", constantOfShape);
