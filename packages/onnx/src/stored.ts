import { constant, type Value } from "./builder.ts";
import { checkDims, constantOf, elementsOf, fromBigInts, type ReadExternal } from "./elements.ts";
import { OnnxError } from "./errors.ts";
import type { TensorProto } from "./model.ts";

const STRING = 8;

/** A tensor of the file. Strings become their places among themselves. @throws OnnxError as constantOf */
export function stored(tensor: TensorProto, external?: ReadExternal): Value {
  if (tensor.type !== STRING) return constant(constantOf(tensor, external));
  const names = tensor.strings.map((bytes) => new TextDecoder().decode(bytes));
  checkDims(tensor.dims, `tensor ${JSON.stringify(tensor.name)}`);
  if (names.length !== elementsOf(tensor.dims)) throw new OnnxError(`${names.length} strings for [${tensor.dims}]`);
  const places = names.map((_, i) => BigInt(i));
  return { ...constant(fromBigInts(places, tensor.dims)), names };
}
