import { OpenGradientProvider } from "@opengradient/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode, startTransition } from "react";
import { createRoot } from "react-dom/client";
import { http } from "viem";
import { createConfig, WagmiProvider } from "wagmi";
import { App } from "./App.tsx";
import { chainOf, loadNetwork, type Network, placeOf } from "./network.ts";
import "./style.css";

const root = createRoot(document.getElementById("root")!);

function show(network: Network): void {
  const chain = chainOf(network);
  const config = createConfig({
    chains: [chain],
    transports: { [chain.id]: http(network.rpc) },
    multiInjectedProviderDiscovery: true,
    pollingInterval: 500,
  });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: 1 } } });
  root.render(
    <StrictMode>
      <WagmiProvider config={config}>
        <QueryClientProvider client={queries}>
          <OpenGradientProvider place={placeOf(network)}>
            <App network={network} />
          </OpenGradientProvider>
        </QueryClientProvider>
      </WagmiProvider>
    </StrictMode>,
  );
}

// In a transition the first rendering is done in slices: a slow processor is never held up for long.
loadNetwork().then(
  (network) => startTransition(() => show(network)),
  (error: Error) =>
    root.render(
      <>
        <p role="alert">{error.message}</p>
        <p>
          On your own machine <code>npm start</code> brings up a chain and this page together.
        </p>
      </>,
    ),
);
