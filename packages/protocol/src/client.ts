import type { Addresses } from "@opengradient/bindings";
import type { Account, Chain, Hex, PublicClient, TransactionReceipt, Transport, WalletClient } from "viem";
import type { ClaimDomain } from "./claim.ts";

/** Reads one system on one chain. */
export type Reader = {
  readonly chain: PublicClient;
  readonly addresses: Addresses;
  readonly chainId: number;
};

/** Also sends, from one account. */
export type Writer = Reader & { readonly wallet: WalletClient<Transport, Chain, Account> };

/**
 * Waits until a transaction of the wallet is in a block. Only a wallet with keys of its own can put another one in its
 * place; to look for that costs viem the block that comes meanwhile, for ever where no further one follows (anvil).
 */
export const mined = ({ chain, wallet }: Pick<Writer, "chain" | "wallet">, hash: Hex): Promise<TransactionReceipt> =>
  chain.waitForTransactionReceipt({ hash, checkReplacement: wallet.account.type === "json-rpc" });

export const domainOf = ({ chainId, addresses }: Pick<Reader, "chainId" | "addresses">): ClaimDomain => ({
  chainId,
  market: addresses.market,
});
