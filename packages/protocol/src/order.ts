import type { Hex } from "viem";
import * as z from "zod/mini";
import { type Redemption, type Voucher, type VoucherDomain, voucherDigest, voucherOf } from "./voucher.ts";
import { address, amount128, bytes, decimal, fromJson } from "./wire.ts";

/** What a requester hands an operator beside an input: a voucher, and the coverage that it wants for what the voucher adds. */
export type Order = Redemption & { readonly coverage: bigint };

/** Text that is no order. */
export class OrderError extends Error {
  override readonly name = "OrderError";
}

const redemption = {
  parties: z.object({ requester: address, operator: address, signer: address }),
  modelRoot: bytes(32),
  parameters: bytes(32),
  unit: z.exactOptional(bytes(32)),
  price: z.exactOptional(amount128),
  cumulative: amount128,
  signature: bytes(65),
};
const schema = z.object({ ...redemption, coverage: amount128 });

export const orderToJson = (order: Order): string => JSON.stringify(order, decimal);

/** @throws OrderError that names every field that does not fit */
export const orderFromJson = (json: string): Order =>
  fromJson(schema, json, (problem) => new OrderError(`not an order: ${problem}`));

/** The requestId of the claim that a voucher buys: its digest. So a voucher buys one answer, however often it is sent. */
export const boughtBy = (domain: VoucherDomain, voucher: Voucher): bigint => BigInt(voucherDigest(domain, voucher));

/** The same of an order or redemption. */
export const requestIdOf = (domain: VoucherDomain, order: Redemption): bigint => boughtBy(domain, voucherOf(order));

const paidSchema = z.object({ cumulative: amount128, signature: bytes(65) });

/** The last voucher of a lane, as an operator tells it to a signer that lost count. */
export type LastVoucher = { readonly cumulative: bigint; readonly signature: Hex };

export const lastVoucherToJson = ({ cumulative, signature }: LastVoucher): string =>
  JSON.stringify({ cumulative, signature }, decimal);

/** @throws OrderError */
export const lastVoucherFromJson = (json: string): LastVoucher =>
  fromJson(paidSchema, json, (problem) => new OrderError(`not a voucher: ${problem}`));
