import { uploadInput } from "@opengradient/node/client";
import { calls } from "@opengradient/protocol";
import { type RequestEntry, useChainTime, useReader, useStake } from "@opengradient/react";
import { useState } from "react";
import { keptPackage } from "./inputs.ts";
import type { Network } from "./network.ts";
import { PlanBox } from "./transact/PlanBox.tsx";
import { named, opg, span } from "./words.ts";

/** A request that is not answered yet, and the ways on when it stays so. */
export function Waiting({ network, entry }: { network: Network; entry: RequestEntry }) {
  const { addresses } = useReader();
  const now = useChainTime();
  const endpoint = useStake(entry.terms.operator).data?.endpoint;
  const [trouble, setTrouble] = useState<string>();
  const who = named(network.names, entry.terms.operator);
  const left = now === undefined ? undefined : Number(entry.terms.deadline) - now;
  const kept = keptPackage(entry.terms.input);
  const again = async () => {
    setTrouble(undefined);
    await uploadInput(endpoint!, kept!, { tries: 4 }).catch((error: Error) => setTrouble(error.message));
  };
  const { requestId, requester, terms, state } = entry;
  return (
    <section aria-labelledby="waiting" className="card">
      <h2 id="waiting">Request #{String(requestId)}</h2>
      {state === "refunded" ? (
        <p>
          <b>Refunded.</b> {who} did not answer in time: {opg(terms.fee)} went back to who paid. Somebody else can be
          asked.
        </p>
      ) : left !== undefined && left < 0 ? (
        <PlanBox
          label="Take the fee back"
          steps={[{ words: "Take the fee back", call: calls.refund(addresses, { requestId, requester, terms }) }]}
          onDone={() => {}}
        >
          <p>
            {who} did not answer in time. {opg(terms.fee)} go back to who paid; anyone may start it.
          </p>
        </PlanBox>
      ) : (
        <>
          <p className="working" aria-live="polite">
            Paid. {who} is running the model …{" "}
            {left !== undefined && <span className="hint">{span(left)} left to answer</span>}
          </p>
          {kept && endpoint && (
            <button type="button" className="quiet" onClick={again}>
              Send the digit again
            </button>
          )}
          {trouble && (
            <p role="alert">
              {trouble}. If {who} stays away, your fee can be taken back here when the time is over.
            </p>
          )}
        </>
      )}
    </section>
  );
}
