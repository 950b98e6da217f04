import { getAddress, type Hex, isAddress } from "viem";
// The small one: pages load this file.
import * as z from "zod/mini";

/** Fields of the JSON that travels between requesters, operators and watchers. */
export const bytes = (length: number) =>
  z.pipe(
    z.string().check(z.regex(new RegExp(`^0x[0-9a-fA-F]{${2 * length}}$`), `must be ${length} bytes of hex`)),
    z.transform((text) => text.toLowerCase() as Hex),
  );

export const address = z.pipe(
  z.string().check(z.refine((text) => isAddress(text, { strict: false }), "must be an address")),
  z.transform((text): Hex => getAddress(text.toLowerCase())),
);

/** A bigint as decimal text. */
export const amount = z.pipe(
  z.string().check(z.regex(/^\d{1,78}$/)),
  z.transform((text) => BigInt(text)),
);

/** The same, of a field of 128 bits. */
export const amount128 = z.pipe(amount, z.bigint().check(z.lt(1n << 128n)));

/** For JSON.stringify: bigints as `amount` reads them. */
export const decimal = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

/** @throws what `refuse` makes of every field that does not fit */
export function fromJson<S extends z.ZodMiniType>(
  schema: S,
  json: string,
  refuse: (problem: string) => Error,
): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw refuse("this is no JSON");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw refuse(z.prettifyError(parsed.error));
  return parsed.data as z.output<S>;
}
