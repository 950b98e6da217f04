import { act, type Call, type Done, ProtocolError, protocolError, type Writer } from "@opengradient/protocol";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useRef, useState } from "react";
import { UserRejectedRequestError } from "viem";
import { useConnection, useWalletClient } from "wagmi";
import { useReader } from "./place.ts";

/** What keeps the visitor from sending: nothing connected, another chain, or the wallet is not ready yet. */
export type WriterState =
  | { readonly kind: "none" | "wrong chain" | "pending"; readonly writer?: undefined }
  | { readonly kind: "ready"; readonly writer: Writer };

/**
 * The connected wallet as a client of the protocol; `kind` says why there is none.
 * @example examples/Writer.tsx
 */
export function useWriter(): WriterState {
  const reader = useReader();
  const { isConnected, chainId } = useConnection();
  const onChain = isConnected && chainId === reader.chainId;
  const { data: wallet } = useWalletClient({ chainId: reader.chainId, query: { enabled: onChain } });
  return useMemo(() => {
    if (!isConnected) return { kind: "none" };
    if (!onChain) return { kind: "wrong chain" };
    if (!wallet) return { kind: "pending" };
    return { kind: "ready", writer: { ...reader, wallet: wallet as unknown as Writer["wallet"] } };
  }, [reader, isConnected, onChain, wallet]);
}

/** One transaction of a plan, in words and as a call. */
export type Step = { readonly words: string; readonly call: Call };

export type PlanState = {
  readonly status: "idle" | "simulating" | "signing" | "done" | "failed";
  /** the step at hand, counted from 0 */
  readonly at: number;
  readonly error: ProtocolError | undefined;
};

const IDLE: PlanState = { status: "idle", at: 0, error: undefined };

/** A failure in words; a refusal in the wallet is no fault. */
export function inWords(error: unknown, what: string): ProtocolError {
  const cause = error as { walk?: (test: (inner: unknown) => boolean) => unknown; cause?: unknown };
  const inner = error instanceof ProtocolError ? (error.cause as typeof cause) : cause;
  const rejected = inner?.walk?.((found) => found instanceof UserRejectedRequestError);
  if (rejected || (error as { code?: number }).code === 4001)
    return new ProtocolError("you declined in your wallet; nothing was sent", { advice: "retry", cause: error });
  return protocolError(error, what);
}

/**
 * Transactions, one after the other: `run(steps)` simulates each before the wallet is asked to sign it, and ends with
 * what they gave, or undefined with `error` in words; `simulate(step)` only tries; `reset()` forgets how it went.
 * @example examples/Plan.tsx
 */
export function usePlan() {
  const { writer } = useWriter();
  const client = useQueryClient();
  const [state, setState] = useState<PlanState>(IDLE);
  // A simulation that ends after something newer began has nothing to say.
  const turn = useRef(0);

  const simulate = useCallback(
    async ({ call }: Step): Promise<void> => {
      if (!writer) return;
      const mine = ++turn.current;
      setState({ ...IDLE, status: "simulating" });
      const ended = await writer.chain
        .simulateContract({ ...call, account: writer.wallet.account } as never)
        .then(() => IDLE)
        .catch((error): PlanState => ({ at: 0, status: "failed", error: inWords(error, call.functionName) }));
      if (turn.current === mine) setState(ended);
    },
    [writer],
  );

  const run = useCallback(
    async (steps: readonly Step[]): Promise<readonly Done[] | undefined> => {
      if (!writer) return undefined;
      turn.current++;
      const done: Done[] = [];
      const refresh = () => client.invalidateQueries({ queryKey: ["opengradient"] });
      for (const [at, { call }] of steps.entries()) {
        setState({ status: "signing", at, error: undefined });
        try {
          done.push(await act(writer, call));
        } catch (error) {
          setState({ status: "failed", at, error: inWords(error, call.functionName) });
          // The steps before it are done, and what is left to do is fewer.
          await refresh();
          return undefined;
        }
      }
      setState({ status: "done", at: steps.length, error: undefined });
      await refresh();
      return done;
    },
    [writer, client],
  );

  const reset = useCallback(() => setState(IDLE), []);
  return { ...state, simulate, run, reset, writer };
}
