import type { Hex } from "viem";
import * as z from "zod/mini";
import { amount128, bytes, decimal, fromJson } from "./wire.ts";

/** What an operator sells a model's answers for where fees are counted in another unit than OPG; 18 decimals. */
export type UnitPrice = {
  readonly modelRoot: Hex;
  /** as `unitOf` takes it */
  readonly unit: string;
  /** of one answer, in the unit */
  readonly fee: bigint;
  /** OPG for one unit, at least */
  readonly least: bigint;
};

/** Text that is no price list. */
export class UnitPriceError extends Error {
  override readonly name = "UnitPriceError";
}

const schema = z.array(
  z.object({
    modelRoot: bytes(32),
    unit: z.string().check(z.regex(/^[\x20-\x7e]{1,32}$/)),
    fee: amount128,
    least: amount128,
  }),
);

export const unitPricesToJson = (prices: readonly UnitPrice[]): string => JSON.stringify(prices, decimal);

/** @throws UnitPriceError */
export const unitPricesFromJson = (json: string): readonly UnitPrice[] =>
  fromJson(schema, json, (problem) => new UnitPriceError(`not a price list: ${problem}`));
