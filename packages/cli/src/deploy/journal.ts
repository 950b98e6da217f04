import { existsSync } from "node:fs";
import type { Address, Hex } from "viem";
import { z } from "zod";
import { CommandError } from "../failure.ts";
import { addressText } from "./genesis.ts";
import { readJson, writeJson } from "./json.ts";

const schema = z.strictObject({
  chainId: z.int(),
  from: addressText,
  nonce: z.int(),
  block: z.int(),
  /** hash of all that is sent */
  plan: z.string().transform((text) => text as Hex),
});

/**
 * What was intended before anything was sent. With sender and first nonce every contract has its address, and no second
 * one can take its nonce: a deployment that was killed goes on from this alone.
 */
export type Intent = z.output<typeof schema>;

type Present = { readonly chainId: number; readonly from: Address };

/** The intent of an earlier run, or `fresh`, written down. @throws CommandError where the file is another deployment's */
export async function keepIntent(
  path: string,
  { chainId, from }: Present,
  fresh: () => Promise<Intent>,
): Promise<Intent> {
  if (!existsSync(path)) {
    const intent = await fresh();
    writeJson(path, intent);
    return intent;
  }
  const kept = readJson(path, schema);
  const differs = (what: string, had: unknown, has: unknown) =>
    new CommandError(`${path} is of a deployment ${what} ${had}, and this one is ${what} ${has}`, {
      todo: "go on with the former, or give another folder with --out",
    });
  if (kept.chainId !== chainId) throw differs("on chain", kept.chainId, chainId);
  if (kept.from.toLowerCase() !== from.toLowerCase()) throw differs("from", kept.from, from);
  return kept;
}
