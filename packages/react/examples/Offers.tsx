import { useOffers } from "@opengradient/react";
import { formatEther, type Hex } from "viem";

/** Who answers a model, cheapest first. */
export function Offers({ model }: { model: Hex }) {
  const offers = useOffers(model).data ?? [];
  return (
    <ol>
      {offers.map(({ operator, fee, maxCoverage, refusal, record }) => (
        <li key={operator}>
          {operator}: {formatEther(fee)} OPG, {refusal ?? `covers ${formatEther(maxCoverage)} OPG`}; {record.answers}{" "}
          answers, {record.void} false
        </li>
      ))}
    </ol>
  );
}
