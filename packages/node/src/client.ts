/** What speaks to nodes and reads claims without being one: nothing here needs Node, so that a browser can have it. */
export { type Case, type CaseView, dataOf, decide, runCase, viewCase } from "./case.ts";
export { openingBytes, type Served, servedNodes, wireProof } from "./evidence.ts";
export { wasmExecutor } from "./executor.ts";
export { type ClaimHistory, type Demand, historyOf, sameAddress } from "./history.ts";
export { type HeldClaim, type Safety, safetyOf } from "./holder.ts";
export * from "./modelFiles.ts";
export { ModelFilesError } from "./modelIntake.ts";
export { AnswerError, type Bought, buy, type LaneName, type LaneState, type Purchase, type Purse } from "./payer.ts";
export {
  answerGasOf,
  COMMIT_GAS,
  COURT_GAS,
  challengerPrices,
  DEMAND_GAS,
  EXPIRE_GAS,
  type PriceFacts,
} from "./pricing.ts";
export { type ChallengeQuote, quoteOf } from "./quote.ts";
export * from "./remote.ts";
export { traceRun } from "./runs.ts";
