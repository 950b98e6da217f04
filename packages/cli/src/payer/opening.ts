import { type Deposit, NO_END, type Parties } from "@opengradient/protocol";
import type { Command } from "commander";
import { type Address, isAddressEqual } from "viem";
import { wholeNumber } from "../commands/devnet.ts";
import { addressOf, opgAmount } from "../commands/stake.ts";
import type { FilePurse } from "./purse.ts";

/** Where a requester's channels, claims and session keys are kept. */
export const PURSE = ".og/requester";

export const purseOption = (command: Command): Command =>
  command.option("--data <folder>", "your channels, vouchers, signed claims and session keys", PURSE);

export const YEAR = 365 * 86_400;

export type Opening = { session?: boolean; signer?: string; seconds?: string };

/** Arguments and options of a command that opens a channel. */
export const openingOptions = (command: Command): Command =>
  command
    .argument("<operator>", "the operator's address")
    .argument("<amount>", "OPG")
    .option("--session", "a fresh key signs the vouchers, kept in the data folder: the deposit is its budget")
    .option(
      "--signer <address>",
      "the key that signs the vouchers (default: that of your channel with it, or your own; a wallet contract must name one)",
    )
    .option("--seconds <n>", "how long vouchers can be redeemed; at least the thaw (default: until you thaw it)");

type Asked = {
  readonly requester: Address;
  readonly operator: string;
  readonly amount: string;
  /** unix seconds of the chain */
  readonly now: number;
};

/** The channel that is asked for. It is kept before anything is sent: one that is open and forgotten holds OPG that nobody looks for. */
export function keepOpening(
  purse: FilePurse,
  { requester, operator, amount: text, now }: Asked,
  { session, signer: given, seconds }: Opening,
): Deposit {
  const amount = opgAmount("the amount", text);
  const life = seconds === undefined ? undefined : wholeNumber("--seconds", seconds, 1, 10 * YEAR);
  const to = addressOf("the operator", operator);
  const known = knownChannel(purse, requester, to);
  const signer = addressOf("--signer", given) ?? (session ? purse.newSession().address : known.signer);
  const parties = { requester, operator: to, signer };
  purse.keepChannel(parties);
  return { parties, amount, closesAt: life === undefined ? NO_END : now + life };
}

/** The channel that was opened from here; else the one that the requester's own key signs for. */
export const knownChannel = (purse: FilePurse, requester: Address, operator: Address): Parties =>
  purse
    .channels()
    .find((one) => isAddressEqual(one.requester, requester) && isAddressEqual(one.operator, operator)) ?? {
    requester,
    operator,
    signer: requester,
  };
