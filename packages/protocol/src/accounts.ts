import { opgAbi, stakingAbi } from "@opengradient/bindings";
import type { Address } from "viem";
import type { Reader } from "./client.ts";

/** Of an address; OPG's smallest unit and wei. */
export type Funds = { readonly opg: bigint; readonly native: bigint };

export async function readFunds({ chain, addresses }: Reader, address: Address): Promise<Funds> {
  const [opg, native] = await Promise.all([
    chain.readContract({ address: addresses.opg, abi: opgAbi, functionName: "balanceOf", args: [address] }),
    chain.getBalance({ address }),
  ]);
  return { opg, native };
}

/** OPG that `spender` may take from `owner`. */
export const readAllowance = (
  { chain, addresses }: Reader,
  { owner, spender }: { owner: Address; spender: Address },
): Promise<bigint> =>
  chain.readContract({ address: addresses.opg, abi: opgAbi, functionName: "allowance", args: [owner, spender] });

/** An operator as Staking knows it, what is free for new coverage, M, and seconds of thaw. */
export async function readStake({ chain, addresses }: Reader, operator: Address) {
  const staking = { address: addresses.staking, abi: stakingAbi } as const;
  const [record, room, faultBond, thawPeriod] = await Promise.all([
    chain.readContract({ ...staking, functionName: "operators", args: [operator] }),
    chain.readContract({ ...staking, functionName: "room", args: [operator] }),
    chain.readContract({ ...staking, functionName: "faultBond" }),
    chain.readContract({ ...staking, functionName: "thawPeriod" }),
  ]);
  return { ...record, room, faultBond, thawPeriod: Number(thawPeriod) };
}
