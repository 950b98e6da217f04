import { useFunds } from "@opengradient/react";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useConnect, useConnection, useConnectors, useDisconnect, useSwitchChain } from "wagmi";
import { askFaucet, type Network } from "../network.ts";
import { native, opg, short } from "../words.ts";

/** Who is connected and what they own; without a wallet the way to connect one. */
export function WalletBar({ network }: { network: Network }) {
  const { address, isConnected, chainId } = useConnection();
  const disconnect = useDisconnect();
  const funds = useFunds(address);
  const dialog = useRef<HTMLDialogElement>(null);
  const expected = network.deployment.chainId;
  return (
    <div className="wallet">
      {isConnected && address ? (
        <>
          <span className="money" data-testid="balance" title={address}>
            {funds.data ? `${opg(funds.data.opg)} · ${native(funds.data.native)}` : "…"}
          </span>
          {chainId === expected ? <Faucet network={network} /> : <SwitchChain chainId={expected} />}
          <button type="button" className="quiet" onClick={() => disconnect.mutate({})}>
            <span title={address}>{short(address)}</span> · disconnect
          </button>
        </>
      ) : (
        <button type="button" onClick={() => dialog.current?.showModal()}>
          Connect a wallet
        </button>
      )}
      <dialog ref={dialog} aria-labelledby="connect-title">
        <ConnectList close={() => dialog.current?.close()} />
      </dialog>
    </div>
  );
}

function SwitchChain({ chainId }: { chainId: number }) {
  const change = useSwitchChain();
  return (
    <>
      <button type="button" className="warn" disabled={change.isPending} onClick={() => change.mutate({ chainId })}>
        Wallet is on another chain: switch to {chainId}
      </button>
      {change.error && (
        <p role="alert">
          The wallet did not switch: {change.error.message.split("\n")[0]} Choose the chain in the wallet.
        </p>
      )}
    </>
  );
}

function Faucet({ network }: { network: Network }) {
  const { address } = useConnection();
  const queries = useQueryClient();
  const [state, setState] = useState<"idle" | "asking" | string>("idle");
  if (!network.faucet || !address) return null;
  const ask = async () => {
    setState("asking");
    try {
      await askFaucet(network, address);
      await queries.invalidateQueries({ queryKey: ["opengradient"] });
      setState("idle");
    } catch (error) {
      setState((error as Error).message);
    }
  };
  return (
    <button type="button" className="quiet" disabled={state === "asking"} onClick={ask}>
      {state === "idle" ? "Get test money" : state === "asking" ? "Sending test money …" : `${state}: try again`}
    </button>
  );
}

/** Wallets that announced themselves to the page (EIP-6963). */
function ConnectList({ close }: { close: () => void }) {
  const connectors = useConnectors();
  const connect = useConnect();
  return (
    <div className="stack">
      <h2 id="connect-title">Connect a wallet</h2>
      {connectors.length === 0 && (
        <p>
          No wallet announced itself to this page. Install one in this browser, then load the page again. Reading and
          checking need none.
        </p>
      )}
      <ul className="plain stack">
        {connectors.map((connector) => (
          <li key={connector.uid}>
            <button
              type="button"
              className="wide"
              disabled={connect.isPending}
              onClick={() => connect.mutate({ connector }, { onSuccess: close })}
            >
              {connector.icon && <img src={connector.icon} alt="" width={20} height={20} />} {connector.name}
            </button>
          </li>
        ))}
      </ul>
      {connect.error && <p role="alert">The wallet did not connect: {connect.error.message.split("\n")[0]}</p>}
      <button type="button" className="quiet" onClick={close}>
        Close
      </button>
    </div>
  );
}
