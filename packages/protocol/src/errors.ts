import {
  arbiterAbi,
  batchesAbi,
  channelsAbi,
  delegationAbi,
  deliveriesAbi,
  disputesAbi,
  marketAbi,
  modelRegistryAbi,
  newWorkAbi,
  opgAbi,
  opgGovernorAbi,
  stakeVotesAbi,
  stakingAbi,
  timelockAbi,
  validatorAbi,
} from "@opengradient/bindings";
import {
  type Abi,
  BaseError,
  decodeErrorResult,
  type Hex,
  HttpRequestError,
  RawContractError,
  TimeoutError,
} from "viem";
import { refusals } from "./refusals.ts";

/** retry: the same may succeed later. change: with other values. stop: it never will. report: ours to fix. */
export type Advice = "retry" | "change" | "stop" | "report";

/** Whatever went wrong, in one sentence, with what to do. */
export class ProtocolError extends Error {
  override readonly name: string = "ProtocolError";
  /** the contract's error, e.g. MarketNotQuiet; undefined when it is none of a contract's */
  readonly refusal: string | undefined;
  readonly args: readonly unknown[];
  readonly advice: Advice;
  constructor(
    message: string,
    facts: { refusal?: string | undefined; args?: readonly unknown[]; advice: Advice; cause?: unknown },
  ) {
    super(message, { cause: facts.cause });
    this.refusal = facts.refusal;
    this.args = facts.args ?? [];
    this.advice = facts.advice;
  }
}

/** Simulated well and reverted when mined: the state changed in between. */
export class TransactionRevertedError extends ProtocolError {
  override readonly name = "TransactionRevertedError";
  readonly hash: Hex;
  constructor(what: string, hash: Hex) {
    super(`${what} passed its simulation and reverted in ${hash}: somebody else changed the state in between`, {
      advice: "retry",
    });
    this.hash = hash;
  }
}

/** Every error that one of our contracts can raise. */
export const errorsAbi: Abi = [
  opgAbi,
  modelRegistryAbi,
  stakingAbi,
  delegationAbi,
  stakeVotesAbi,
  marketAbi,
  newWorkAbi,
  opgGovernorAbi,
  timelockAbi,
  batchesAbi,
  channelsAbi,
  deliveriesAbi,
  disputesAbi,
  arbiterAbi,
  validatorAbi,
].flatMap((abi) => (abi as Abi).filter(({ type }) => type === "error"));

/** A contract's error from revert data; undefined if it is none of ours. */
export function decodeRefusal(data: Hex): { name: string; args: readonly unknown[] } | undefined {
  try {
    const { errorName, args } = decodeErrorResult({ abi: errorsAbi, data });
    return { name: errorName, args: args ?? [] };
  } catch {
    return undefined;
  }
}

const show = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? String(inner) : inner))
    : String(value);

function refusalError(what: string, name: string, args: readonly unknown[], cause: unknown): ProtocolError {
  const [words, advice] = refusals[name] ?? ["the contract refused", "report"];
  const values = args.length ? ` (${name}: ${args.map(show).join(", ")})` : ` (${name})`;
  return new ProtocolError(`${what}: ${words}${values}`, { refusal: name, args, advice, cause });
}

function revertData(error: BaseError): Hex | undefined {
  const raw = error.walk(
    (inner) => inner instanceof RawContractError || typeof (inner as { data?: unknown }).data === "string",
  );
  const data = (raw as { data?: Hex | { data?: Hex } } | null)?.data;
  return typeof data === "object" ? data.data : data;
}

/** Any failure of a call or transaction as a ProtocolError. */
export function protocolError(error: unknown, what: string): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (!(error instanceof BaseError))
    return new ProtocolError(`${what}: ${String(error)}`, { advice: "report", cause: error });
  const decoded = error.walk(
    (inner) =>
      "data" in (inner as object) && typeof (inner as { data?: { errorName?: string } }).data?.errorName === "string",
  ) as { data: { errorName: string; args?: readonly unknown[] } } | null;
  if (decoded) return refusalError(what, decoded.data.errorName, decoded.data.args ?? [], error);
  const data = revertData(error);
  const refusal = data && data.length >= 10 ? decodeRefusal(data) : undefined;
  if (refusal) return refusalError(what, refusal.name, refusal.args, error);
  if (error.walk((inner) => inner instanceof HttpRequestError || inner instanceof TimeoutError))
    return new ProtocolError(`${what}: the chain's RPC did not answer`, { advice: "retry", cause: error });
  if (/insufficient funds/i.test(error.message))
    return new ProtocolError(`${what}: the account has not enough native coin for value and gas`, {
      advice: "change",
      cause: error,
    });
  return new ProtocolError(`${what}: ${error.shortMessage}`, { advice: "report", cause: error });
}
