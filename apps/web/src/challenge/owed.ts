import { disputesAbi } from "@opengradient/bindings";
import { historyOf, sameAddress } from "@opengradient/node/client";
import { calls, openingPrice, type Reader } from "@opengradient/protocol";
import type { ClaimEntry, Step } from "@opengradient/react";
import type { Address } from "viem";
import { native, opg } from "../words.ts";

/** What the court still holds for somebody, and the transactions that bring it back. */
export type Owed = { readonly words: readonly string[]; readonly steps: readonly Step[] };

/** Of the challenges of one account against one claim. */
export async function readOwed(reader: Reader, { id, events }: ClaimEntry, account: Address): Promise<Owed> {
  const court = { address: reader.addresses.disputes, abi: disputesAbi } as const;
  const [bond, credit] = await Promise.all([
    reader.chain.readContract({ ...court, functionName: "bond" }),
    reader.chain.readContract({ ...court, functionName: "credits", args: [account] }),
  ]);
  const { claim, status, commits, settled, demands, held } = historyOf(id, events)!;
  const bonds = commits.filter(({ prover, commitment }) => sameAddress(prover, account) && !settled.has(commitment));
  const stuck = demands.filter(({ demander, state }) => sameAddress(demander, account) && state === "asked");
  const fallen = status === "void";
  const back = fallen ? stuck : [];
  const opening = fallen && held && sameAddress(held.demander, account) ? openingPrice(claim.fee, claim.coverage) : 0n;
  const coin = credit + back.reduce((sum, { price }) => sum + price, 0n);
  const { addresses } = reader;
  return {
    words: [
      ...(fallen && bonds.length ? [`${opg(BigInt(bonds.length) * bond)} of bond`] : []),
      ...(opening ? [`${opg(opening)} for an opening of what was false`] : []),
      ...(coin ? [`${native(coin)} of prices that nobody earned`] : []),
    ],
    steps: [
      ...(fallen ? bonds : []).map(({ commitment }) => ({
        words: "Take the bond back",
        call: calls.settleBond(addresses, { claim, prover: account, commitment }),
      })),
      ...(opening
        ? [{ words: "Take the price of the opening back", call: calls.settleOpening(addresses, { claim }) }]
        : []),
      ...back.map(({ position, target }) => ({
        words: "Take the price of an unanswered demand back",
        call: calls.reclaim(addresses, { claim, position, target }),
      })),
      ...(coin ? [{ words: `Withdraw ${native(coin)}`, call: calls.withdrawCredits(addresses, { to: account }) }] : []),
    ],
  };
}
