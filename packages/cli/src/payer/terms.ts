import { fetchPrices, type Purchase } from "@opengradient/node";
import { type Quote, unitOf } from "@opengradient/protocol";
import type { Hex } from "viem";
import { choose } from "../commands/request.ts";
import { opgAmount } from "../commands/stake.ts";
import { CommandError } from "../failure.ts";
import { amount } from "../words.ts";

/** Whom to ask, and what for. */
export type Terms = Pick<Purchase, "fee" | "counted"> & { readonly chosen: Quote };

type Wanted = {
  readonly modelRoot: Hex;
  readonly coverage: bigint;
  readonly operator?: string;
  readonly fee?: string;
  readonly unit?: string;
  readonly price?: string;
};

/** @param found quotes of operators that there is a channel with */
export async function termsOf(found: readonly Quote[], wanted: Wanted): Promise<Terms> {
  const { fee, unit, price } = wanted;
  if (unit !== undefined) return inUnit(found, { ...wanted, unit });
  if (price !== undefined)
    throw new CommandError(`--price ${price} is OPG for one of a unit`, { todo: "name the unit with --unit" });
  const chosen = choose(found, wanted);
  return { chosen, fee: fee === undefined ? chosen.fee : opgAmount("--fee", fee) };
}

async function inUnit(found: readonly Quote[], wanted: Wanted & { unit: string }): Promise<Terms> {
  const { modelRoot, unit, fee, price } = wanted;
  if (!/^[\x20-\x7e]{1,32}$/.test(unit))
    throw new CommandError(`--unit ${unit}: 1 to 32 characters of ASCII are needed`);
  const published = await Promise.all(
    found.map(async (quote) => ({ quote, prices: await fetchPrices(quote.endpoint).catch(() => []) })),
  );
  const sellers = published.flatMap(({ quote, prices }) =>
    prices.filter((one) => one.modelRoot === modelRoot && one.unit === unit).map((sale) => ({ quote, sale })),
  );
  if (sellers.length === 0)
    throw new CommandError(`no operator that you have a channel with takes fees of this model in ${unit}`, {
      todo: "leave --unit away to pay in OPG",
    });
  const chosen = choose(
    sellers.map(({ quote }) => quote),
    wanted,
  );
  const { sale } = sellers.find(({ quote }) => quote === chosen)!;
  const asks = `${chosen.operator} asks ${amount(sale.fee, 18)} ${unit} for an answer, and at least ${amount(sale.least, 18)} OPG for one ${unit}`;
  if (price === undefined) throw new CommandError(`--unit ${unit} needs --price`, { todo: asks });
  const signed = opgAmount("--price", price);
  if (signed === 0n || signed < sale.least) throw new CommandError(`--price ${price} is too low`, { todo: asks });
  return {
    chosen,
    fee: fee === undefined ? sale.fee : opgAmount("--fee", fee),
    counted: { unit: unitOf(unit), price: signed },
  };
}
