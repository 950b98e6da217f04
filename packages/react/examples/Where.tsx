import { usePlace, useReader } from "@opengradient/react";

/** Which system is looked at. */
export function Where() {
  const { fromBlock } = usePlace();
  const { chainId, addresses } = useReader();
  return (
    <p>
      Market {addresses.market} on chain {chainId}, since block {String(fromBlock)}
    </p>
  );
}
