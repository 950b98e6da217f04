import type { Claim } from "@opengradient/protocol";
import { useStanding } from "@opengradient/react";

const clock = (seconds: number) => new Date(1000 * seconds).toISOString();

/** Until when an answer can be challenged. */
export function Standing({ claim }: { claim: Claim | undefined }) {
  const { data } = useStanding(claim);
  if (!data) return <p>Reading …</p>;
  return (
    <p>
      {data.status}: challenge it until {clock(data.quietAt)}; {data.pending} questions wait for an answer
    </p>
  );
}
