import { type Address, isAddress, parseEther } from "viem";
import { z } from "zod";
import { CommandError } from "../failure.ts";
import { opg } from "../words.ts";
import { readJson } from "./json.ts";

const SUPPLY = parseEther("1000000000");
/** OPG takes no more lines. */
const MOST_LINES = 256;
/** One holder above it would decide every vote that a quorum of others does not answer. */
const MOST_PERCENT = 33n;

export type Allocation = { readonly to: Address; readonly amount: bigint };

export const addressText = z.string().refine((text): text is Address => isAddress(text), {
  error: ({ input }) => `${input} is no address: 0x and 40 hex digits, with a right checksum if it has capitals`,
});

/** OPG in decimal, as 12.5. */
export const opgText = z
  .string()
  .regex(/^\d+(\.\d{1,18})?$/, { error: ({ input }) => `${input} is no amount of OPG: write it in quotes, as "12.5"` })
  .transform((text) => parseEther(text));

const schema = z.strictObject({
  allocations: z
    .array(z.strictObject({ to: addressText, amount: opgText, what: z.string().optional() }))
    .min(1)
    .max(MOST_LINES),
});

/** Who gets OPG at its creation. @throws CommandError that names the line and its value */
export function readGenesis(path: string): Allocation[] {
  const { allocations } = readJson(path, schema);
  const held = new Map<string, bigint>();
  for (const [i, { to, amount }] of allocations.entries()) {
    const refuse = (why: string) => new CommandError(`${path}: allocation ${i + 1}, ${to}: ${why}`);
    if (amount === 0n) throw refuse("the amount is zero");
    if (BigInt(to) === 0n) throw refuse("the zero address can hold nothing");
    if (held.has(to.toLowerCase())) throw refuse("has an allocation already: write it as one");
    held.set(to.toLowerCase(), amount);
    if (100n * amount > MOST_PERCENT * SUPPLY)
      throw refuse(
        `${opg(amount)} are more than ${MOST_PERCENT} % of the supply, ${opg((SUPPLY * MOST_PERCENT) / 100n)}`,
      );
  }
  const sum = [...held.values()].reduce((a, b) => a + b, 0n);
  if (sum !== SUPPLY) {
    const gap = sum < SUPPLY ? `${opg(SUPPLY - sum)} are missing` : `${opg(sum - SUPPLY)} are too many`;
    throw new CommandError(`${path}: the allocations add up to ${opg(sum)}, and the supply is ${opg(SUPPLY)}: ${gap}`);
  }
  return allocations.map(({ to, amount }) => ({ to, amount }));
}
