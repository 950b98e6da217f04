export {
  type ClaimEntry,
  type ClaimState,
  type OperatorRecord,
  type RequestEntry,
  type RequestState,
  type Summary,
  summarise,
  type Tier,
} from "@opengradient/protocol";
export * from "./place.ts";
export * from "./plan.ts";
export * from "./reads.ts";
