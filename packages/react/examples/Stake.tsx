import { useStake } from "@opengradient/react";
import { type Address, formatEther } from "viem";

/** What an operator has put up, and how much of it is spoken for. */
export function Stake({ operator }: { operator: Address }) {
  const { data } = useStake(operator);
  if (!data) return <p>Reading …</p>;
  return (
    <p>
      {formatEther(data.staked)} OPG staked, {formatEther(data.locked)} locked; a first fault costs{" "}
      {formatEther(data.faultBond)} beside. It can cover {formatEther(data.room)} more.
    </p>
  );
}
