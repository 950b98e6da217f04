import { delegationAbi, opgAbi, stakeVotesAbi, stakingAbi } from "@opengradient/bindings";
import { type Address, getAddress, isAddressEqual, zeroAddress } from "viem";
import type { Reader } from "./client.ts";
import { readEvents } from "./events.ts";

/** OPG that an account has with one operator, and as how much of it its votes count. */
export type StakeAtVote = { readonly operator: Address; readonly units: bigint; readonly counted: bigint };

/** What an account can vote with, and where its own OPG votes; OPG's smallest unit. */
export type Votes = {
  /** that others and it itself gave to it: what a vote of it weighs */
  readonly votes: bigint;
  readonly held: bigint;
  /** who votes with what it holds; undefined: nobody */
  readonly heldDelegate: Address | undefined;
  readonly stakes: readonly StakeAtVote[];
  /** who votes with what it has at stake and is counted; undefined: nothing was counted yet */
  readonly stakeDelegate: Address | undefined;
};

/** @param fromBlock the first contract's */
export async function readVotes(reader: Reader, account: Address, fromBlock: bigint): Promise<Votes> {
  const { chain, addresses } = reader;
  const opg = { address: addresses.opg, abi: opgAbi, args: [account] } as const;
  const votes = { address: addresses.votes, abi: stakeVotesAbi, args: [account] } as const;
  const [all, held, heldDelegate, stakeDelegate, stakes] = await Promise.all([
    chain.readContract({ ...votes, functionName: "getVotes" }),
    chain.readContract({ ...opg, functionName: "balanceOf" }),
    chain.readContract({ ...opg, functionName: "delegates" }),
    chain.readContract({ ...votes, functionName: "delegates" }),
    readStakes(reader, account, fromBlock),
  ]);
  return { votes: all, held, heldDelegate: named(heldDelegate), stakes, stakeDelegate: named(stakeDelegate) };
}

const named = (address: Address): Address | undefined => (address === zeroAddress ? undefined : address);

/** Every operator that an account ever had OPG with, as far as some is left there or counted. */
async function readStakes(reader: Reader, account: Address, fromBlock: bigint): Promise<StakeAtVote[]> {
  const to = await reader.chain.getBlockNumber();
  const events = await readEvents(reader, { from: fromBlock, to }, ["delegation"]);
  const backed = events
    .filter(({ name, args }) => name === "DelegatedTo" && isAddressEqual(args["delegator"] as Address, account))
    .map(({ args }) => getAddress(args["operator"] as Address));
  const all = await Promise.all(
    [...new Set([getAddress(account), ...backed])].map((at) => stakeWith(reader, account, at)),
  );
  return all.filter(({ units, counted }) => units > 0n || counted > 0n);
}

async function stakeWith({ chain, addresses }: Reader, account: Address, operator: Address): Promise<StakeAtVote> {
  const staking = { address: addresses.staking, abi: stakingAbi, functionName: "stakeOf", args: [operator] } as const;
  const [delegated, [staked, thawing], counted] = await Promise.all([
    chain.readContract({
      address: addresses.delegation,
      abi: delegationAbi,
      functionName: "stakeOf",
      args: [operator, account],
    }),
    isAddressEqual(account, operator) ? chain.readContract(staking) : ([0n, 0n] as const),
    chain.readContract({
      address: addresses.votes,
      abi: stakeVotesAbi,
      functionName: "counted",
      args: [account, operator],
    }),
  ]);
  return { operator, units: delegated + staked + thawing, counted };
}
