import type { Address, HDAccount } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { CommandError } from "../failure.ts";

/** The phrase that every Ethereum tool uses for test chains: its keys are public, its accounts are worth nothing. */
const MNEMONIC = "test test test test test test test test test test test junk";

/** Who plays on a devnet, by the index of the account. */
export const DEVNET_NAMES = [
  "deployer",
  "author",
  "operator",
  "operator2",
  "requester",
  "requester2",
  "challenger",
  "pool",
  "guardian",
] as const;
export type DevnetName = (typeof DEVNET_NAMES)[number];

export const DEVNET_CHAIN_ID = 31_337;

export const devnetAccount = (index: number): HDAccount => mnemonicToAccount(MNEMONIC, { addressIndex: index });

export const devnetAddress = (name: DevnetName): Address => devnetAccount(DEVNET_NAMES.indexOf(name)).address;

/** An account of a devnet by name or index. @throws CommandError */
export function namedAccount(name: string): HDAccount {
  const index = /^\d{1,2}$/.test(name) ? Number(name) : DEVNET_NAMES.indexOf(name as DevnetName);
  if (index < 0 || index > 19)
    throw new CommandError(`--account ${name}: a devnet has ${DEVNET_NAMES.join(", ")}, or a number from 0 to 19`);
  return devnetAccount(index);
}
