export * from "./demand.ts";
export * from "./facts.ts";
export * from "./inputs.ts";
export * from "./known.ts";
export * from "./locate.ts";
export * from "./player.ts";
export * from "./run.ts";
export type * from "./view.ts";
export * from "./witness.ts";
