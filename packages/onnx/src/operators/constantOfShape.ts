import { constant, type Value, view } from "../builder.ts";
import { checkDims, elementsOf, fromBigInts, fromFloats, MAX_IMPORT_STEPS, widthOf } from "../elements.ts";
import type { Node } from "../node.ts";
import { register } from "../registry.ts";

function constantOfShape(node: Node): Value {
  const dims = node.integers(0, "shape");
  checkDims(dims, "shape");
  const given = node.tensor("value") ?? constant(fromFloats([0], [1]));
  const value = node.build.known(given)!;
  if (elementsOf(value.dims) !== 1) return node.refuse(`value has [${value.dims}], expected one element`);
  const count = elementsOf(dims);
  if (count > (value.wide ? MAX_IMPORT_STEPS : 0x10000000)) return node.refuse(`a constant of [${dims}] is too large`);
  if (value.wide) return constant(fromBigInts(new Array<bigint>(count).fill(value.wide[0]!), dims));
  const data = new Uint8Array(count * widthOf(value.type));
  if (data.length === count) data.fill(value.data[0]!);
  else new Int32Array(data.buffer).fill(new DataView(value.data.buffer, value.data.byteOffset).getInt32(0, true));
  return view(constant({ ...value, dims, data }), dims);
}

register("ConstantOfShape", constantOfShape);
