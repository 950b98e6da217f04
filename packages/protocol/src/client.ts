import type { Addresses } from "@opengradient/bindings";
import type { Account, Chain, PublicClient, Transport, WalletClient } from "viem";
import type { ClaimDomain } from "./claim.ts";

/** Reads one system on one chain. */
export type Reader = {
  readonly chain: PublicClient;
  readonly addresses: Addresses;
  readonly chainId: number;
};

/** Also sends, from one account. */
export type Writer = Reader & { readonly wallet: WalletClient<Transport, Chain, Account> };

export const domainOf = ({ chainId, addresses }: Pick<Reader, "chainId" | "addresses">): ClaimDomain => ({
  chainId,
  market: addresses.market,
});
