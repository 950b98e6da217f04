export * from "./errors.ts";
export * from "./hex.ts";
export { concatBytes, type Hash, type HashList, keccak } from "./keccak.ts";
export * from "./positions.ts";
export * from "./roots.ts";
export { TAG } from "./tags.ts";
export * from "./tensor.ts";
export * from "./tree.ts";
