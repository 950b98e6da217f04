export { decodeModelFile, encodeModelFile, isModelFile } from "./model/file.ts";
export { encodeModel, importModel, type Model, type Roots } from "./model/import.ts";
export { loadModel } from "./model/load.ts";
export { packNumbers } from "./model/tensors.ts";
