import type { Address, Hex } from "viem";
import type { KnownCommit } from "../check/messages.ts";

const key = (digest: Hex, account: Address): string => `og:commits:${digest}:${account.toLowerCase()}`;

/** What we committed to for a claim: without the salt of a commit its proof can not be given. */
export function knownCommits(digest: Hex, account: Address): readonly KnownCommit[] {
  return JSON.parse(localStorage.getItem(key(digest, account)) ?? "[]") as KnownCommit[];
}

/** Written before the commit is sent. */
export function rememberCommit(digest: Hex, account: Address, commit: KnownCommit): void {
  const others = knownCommits(digest, account).filter(({ commitment }) => commitment !== commit.commitment);
  localStorage.setItem(key(digest, account), JSON.stringify([...others, commit]));
}
