import { calls } from "@opengradient/protocol";
import { usePlan, useReader } from "@opengradient/react";
import { parseEther } from "viem";

/** Lets the Market take a fee: each step is simulated, then signed in the wallet, then waited for. */
export function Plan() {
  const { addresses } = useReader();
  const { status, error, run, writer } = usePlan();
  const amount = parseEther("3");
  const allow = {
    words: "Allow the Market to take 3 OPG, and no more",
    call: calls.approve(addresses, { spender: addresses.market, amount }),
  };
  return (
    <>
      <button type="button" disabled={!writer || status === "signing"} onClick={() => run([allow])}>
        {allow.words}
      </button>
      {status === "done" && <p>Done</p>}
      {error && <p role="alert">{error.message}</p>}
    </>
  );
}
