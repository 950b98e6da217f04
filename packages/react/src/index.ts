export * from "./place.ts";
export * from "./plan.ts";
export * from "./reads.ts";
export * from "./summary.ts";
