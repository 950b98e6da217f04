import { OpenGradientProvider, type Place } from "@opengradient/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { type Chain, createPublicClient, http } from "viem";
import { type Config, type CreateConnectorFn, createConfig, WagmiProvider } from "wagmi";

/** What an app knows about its system: a chain, the contracts' addresses, and the block of the first of them. */
export type Facts = {
  readonly chain: Chain;
  readonly addresses: Place["reader"]["addresses"];
  readonly fromBlock: bigint;
  readonly connectors: readonly CreateConnectorFn[];
};

/** All that the hooks need above them. */
export function Providers({ facts, children }: { facts: Facts; children?: ReactNode }) {
  const [{ config, queries, place }] = useState(() => open(facts));
  return (
    <WagmiProvider config={config}>
      <QueryClientProvider client={queries}>
        <OpenGradientProvider place={place}>{children}</OpenGradientProvider>
      </QueryClientProvider>
    </WagmiProvider>
  );
}

function open({ chain, addresses, fromBlock, connectors }: Facts): {
  config: Config;
  queries: QueryClient;
  place: Place;
} {
  const config = createConfig({ chains: [chain], connectors: [...connectors], transports: { [chain.id]: http() } });
  const reader = { chain: createPublicClient({ chain, transport: http() }), addresses, chainId: chain.id };
  return { config, queries: new QueryClient(), place: { reader, fromBlock } };
}
