import { useProofBond } from "@opengradient/react";
import { formatEther } from "viem";

/** What a challenger puts up with a proof, and gets back when it holds. */
export function ProofBond() {
  const { data } = useProofBond();
  return <p>{data === undefined ? "Reading …" : `A proof takes ${formatEther(data)} OPG as its bond`}</p>;
}
