import { type Address, type Hex, isAddressEqual } from "viem";
import * as z from "zod/mini";
import type { Deposit } from "./channel.ts";
import type { Reader } from "./client.ts";
import { type Authorization, NO_END } from "./voucher.ts";
import { address, amount, amount128, bytes, decimal, fromJson } from "./wire.ts";

/** A deposit that its requester signed, for whoever brings it: which system takes it, and what it opens or adds to. */
export type SignedDeposit = Deposit & {
  readonly chainId: number;
  readonly channels: Address;
  readonly authorization: Authorization;
};

/** Text that is no signed deposit, or one for another system. */
export class DepositError extends Error {
  override readonly name = "DepositError";
}

const schema = z.object({
  chainId: z.int().check(z.positive()),
  channels: address,
  parties: z.object({ requester: address, operator: address, signer: address }),
  amount: amount128,
  closesAt: z.int().check(z.positive(), z.lte(NO_END)),
  authorization: z.object({
    validAfter: amount,
    validBefore: amount,
    salt: bytes(32),
    // A wallet contract's may have any length.
    signature: z.pipe(
      z.string().check(z.regex(/^0x([0-9a-fA-F]{2})+$/, "must be bytes of hex")),
      z.transform((text) => text.toLowerCase() as Hex),
    ),
  }),
});

export const depositToJson = (deposit: SignedDeposit): string => JSON.stringify(deposit, decimal, 2);

/** @throws DepositError that names every field that does not fit, or the system that it is for */
export function depositFromJson(json: string, { chainId, addresses }: Reader): SignedDeposit {
  const deposit = fromJson(schema, json, (problem) => new DepositError(`not a signed deposit: ${problem}`));
  if (deposit.chainId !== chainId || !isAddressEqual(deposit.channels, addresses.channels))
    throw new DepositError(
      `the deposit is for ${deposit.channels} on chain ${deposit.chainId}, this is ${addresses.channels} on chain ${chainId}`,
    );
  return deposit;
}
