export type { Value } from "./builder.ts";
export {
  type Constant,
  constantOf,
  type ElementType,
  fromBigInts,
  fromFloats,
  fromInts,
  numbersOf,
} from "./elements.ts";
export { OnnxError } from "./errors.ts";
export { type Imported, type ImportOptions, importGraph, type Port } from "./import.ts";
export { type Model, readModel, readTensor, type TensorProto, type ValueInfo } from "./model.ts";
export { operatorNames } from "./registry.ts";
