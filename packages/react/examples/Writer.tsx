import { useReader, useWriter } from "@opengradient/react";
import { useConnect, useConnectors, useSwitchChain } from "wagmi";

/** Connects a wallet, and brings it to the right chain. */
export function Writer() {
  const { kind, writer } = useWriter();
  const { chainId } = useReader();
  const [connector] = useConnectors();
  const connect = useConnect();
  const change = useSwitchChain();
  if (kind === "ready") return <p>Signs as {writer.wallet.account.address}</p>;
  if (kind === "pending") return <p>One moment …</p>;
  if (kind === "wrong chain")
    return (
      <button type="button" onClick={() => change.mutate({ chainId })}>
        Go to chain {chainId}
      </button>
    );
  return (
    <button type="button" disabled={!connector} onClick={() => connector && connect.mutate({ connector })}>
      Connect
    </button>
  );
}
