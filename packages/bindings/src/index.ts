export * from "./addresses.ts";
export * from "./generated/abis.ts";
