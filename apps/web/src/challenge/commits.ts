import type { Address, Hex } from "viem";
import type { KnownCommit } from "../check/messages.ts";

const key = (digest: Hex, account: Address): string => `og:commits:${digest}:${account.toLowerCase()}`;

const keep = (digest: Hex, account: Address, commits: readonly KnownCommit[]): void =>
  localStorage.setItem(key(digest, account), JSON.stringify(commits));

/** What we committed to for a claim: without the salt of a commit its proof can not be given. */
export function knownCommits(digest: Hex, account: Address): readonly KnownCommit[] {
  return JSON.parse(localStorage.getItem(key(digest, account)) ?? "[]") as KnownCommit[];
}

const without = (digest: Hex, account: Address, { kernel, element }: KnownCommit): readonly KnownCommit[] =>
  knownCommits(digest, account).filter((at) => at.kernel !== kernel || at.element !== element);

/** Written before the commit is sent. */
export const rememberCommit = (digest: Hex, account: Address, commit: KnownCommit): void =>
  keep(digest, account, [...without(digest, account, commit), commit]);

/** For commits whose time to prove has passed: the next one of the same element is a new one. */
export const forgetCommits = (digest: Hex, account: Address): void => keep(digest, account, []);
