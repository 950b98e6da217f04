export type { Value } from "./builder.ts";
export {
  type Constant,
  constantFromNumbers,
  constantOf,
  type ElementType,
  elementsOf,
  fits,
  fromBigInts,
  fromFloats,
  fromInts,
  numbersOf,
  type ReadExternal,
} from "./elements.ts";
export { OnnxError } from "./errors.ts";
export { elementTypes, type Format } from "./formats.ts";
export { type Imported, type ImportOptions, importGraph, type Port } from "./import.ts";
export { type ExternalData, type Model, readModel, readTensor, type TensorProto, type ValueInfo } from "./model.ts";
export { OUTSIDE, type Outside, operatorKey, outsideOf, outsideOperators } from "./outside.ts";
export { operatorNames } from "./registry.ts";
export { withOutputs } from "./rewrite/graph.ts";
export { calibrated, quantiseModel, type Range } from "./rewrite/quantise.ts";
