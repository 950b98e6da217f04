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

/** What one transaction may take. EIP-7825 */
const MOST_GAS = 1n << 24n;

/**
 * What a transaction is sent with, by its estimate. OPG notes votes and supply once a second, and a node may estimate in the
 * second of its last block: the same call a second later takes 22,266 gas more for each note that it begins.
 */
export function gasLimit(estimated: bigint): bigint {
  const gas = (estimated * 5n) / 4n + 100_000n;
  return gas < MOST_GAS ? gas : MOST_GAS;
}

export const domainOf = ({ chainId, addresses }: Pick<Reader, "chainId" | "addresses">): ClaimDomain => ({
  chainId,
  market: addresses.market,
});
