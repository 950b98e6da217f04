import { uploadInput } from "@opengradient/node/client";
import { calls } from "@opengradient/protocol";
import { type RequestEntry, useChainTime, useReader, useStake } from "@opengradient/react";
import { useQuery } from "@tanstack/react-query";
import { pixelsOf } from "./digit.ts";
import { keptPackage } from "./inputs.ts";
import type { Network } from "./network.ts";
import { PlanBox } from "./transact/PlanBox.tsx";
import { clock, named, opg, span } from "./words.ts";

type Props = {
  readonly network: Network;
  readonly entry: RequestEntry;
  /** asks somebody else about the same digit */
  readonly onElse: (drawn: Uint8Array | undefined) => void;
};

/** Milliseconds between two tries to hand the input to an operator that did not take it. */
const PAUSE = 3_000;

/** Hands the operator our input, again and again until it takes it; undefined where we do not have it. */
function useHandOver({ terms, state }: RequestEntry) {
  const endpoint = useStake(terms.operator).data?.endpoint;
  const kept = keptPackage(terms.input);
  const { status, error } = useQuery({
    queryKey: ["hand over", terms.input],
    queryFn: () => uploadInput(endpoint!, kept!, { tries: 10 }).then(() => true),
    enabled: state === "waiting" && endpoint !== undefined && kept !== undefined,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: (query) => (query.state.status === "error" ? PAUSE : false),
  });
  return kept && { taken: status === "success", failed: error !== null, drawn: pixelsOf(kept.tensors[0]!) };
}

/** A request that is not answered yet, and the ways on when it stays so. */
export function Waiting({ network, entry, onElse }: Props) {
  const { addresses } = useReader();
  const now = useChainTime();
  const input = useHandOver(entry);
  const who = named(network.names, entry.terms.operator);
  const { requestId, requester, terms, state } = entry;
  const deadline = Number(terms.deadline);
  const left = now === undefined ? undefined : deadline - now;
  const late = state === "waiting" && left !== undefined && left < 0;
  return (
    <section aria-labelledby="waiting" className="card">
      <h2 id="waiting">Request #{String(requestId)}</h2>
      {state === "refunded" && (
        <p>
          <b>Refunded.</b> {who} did not answer in time: {opg(terms.fee)} went back to who paid.
        </p>
      )}
      {state === "waiting" && !late && (
        <div aria-live="polite">
          <p className="working">
            Paid into escrow: {opg(terms.fee)}. {progress(who, input)} …
          </p>
          {input?.failed && (
            <p role="alert">
              {who} does not answer. This page keeps trying. If nothing comes by {clock(deadline)}, your fee can be
              taken back here.
            </p>
          )}
          {left !== undefined && <p className="hint">{span(left)} left to answer.</p>}
        </div>
      )}
      {late && (
        <PlanBox
          label="Take the fee back"
          steps={[{ words: "Take the fee back", call: calls.refund(addresses, { requestId, requester, terms }) }]}
        >
          <p>
            {who} did not answer in time. {opg(terms.fee)} go back to {named(network.names, requester)}, who paid;
            anyone may start it, for some gas.
          </p>
        </PlanBox>
      )}
      {(late || input?.failed || state === "refunded") && (
        <p className="after">
          <button type="button" className="quiet" onClick={() => onElse(input?.drawn)}>
            Ask somebody else
          </button>
        </p>
      )}
    </section>
  );
}

function progress(who: string, input: ReturnType<typeof useHandOver>): string {
  if (!input) return `Waiting for ${who}`;
  return input.taken ? `${who} has the digit and runs the model` : `Handing the digit to ${who}`;
}
