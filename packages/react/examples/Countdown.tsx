import { useChainTime } from "@opengradient/react";

/** Seconds left by the chain's clock, not by this machine's. */
export function Countdown({ until }: { until: number }) {
  const now = useChainTime();
  return <p>{now === undefined ? "Reading …" : now > until ? "Over" : `${until - now} s left`}</p>;
}
