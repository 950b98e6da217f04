import { type ClaimEntry, type OperatorOffer, useOffers } from "@opengradient/react";
import { useMemo } from "react";
import { keptInput } from "../inputs.ts";
import type { Network } from "../network.ts";
import type { Job } from "./messages.ts";

/** Where the claim's data may be had: everyone who offers the model, its operator last. */
export function jobOf(network: Network, { id, claim, events }: ClaimEntry, offers: readonly OperatorOffer[]): Job {
  const mine = ({ operator }: OperatorOffer) => operator.toLowerCase() === claim.operator.toLowerCase();
  const inOrder = [...offers.filter((offer) => !mine(offer)), ...offers.filter(mine)];
  return {
    network: { rpc: network.rpc, deployment: network.deployment },
    digest: id,
    since: events[0]!.block,
    endpoints: inOrder.map(({ endpoint }) => endpoint).filter(Boolean),
    input: keptInput(claim.input),
  };
}

export function useJob(network: Network, entry: ClaimEntry): Job | undefined {
  const offers = useOffers(entry.claim.modelRoot).data;
  return useMemo(() => offers && jobOf(network, entry, offers), [network, entry, offers]);
}
