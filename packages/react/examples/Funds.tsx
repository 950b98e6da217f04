import { useFunds } from "@opengradient/react";
import { type Address, formatEther } from "viem";

/** What an address holds. */
export function Funds({ address }: { address: Address | undefined }) {
  const { data } = useFunds(address);
  return <p>{data ? `${formatEther(data.opg)} OPG and ${formatEther(data.native)} of native coin` : "Reading …"}</p>;
}
