import { useSummary } from "@opengradient/react";
import { useCallback, useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import type { Hex } from "viem";
import { Ask } from "./ask/Ask.tsx";
import { Challenge } from "./challenge/Challenge.tsx";
import { Check } from "./check/Check.tsx";
import type { Report } from "./check/messages.ts";
import { Claims } from "./claims/Claims.tsx";
import { Doors } from "./doors/Doors.tsx";
import type { Network } from "./network.ts";
import { Receipt } from "./receipt/Receipt.tsx";
import { Waiting } from "./Waiting.tsx";
import { WalletBar } from "./wallet/WalletBar.tsx";

/** The place for the wallet in the head, which stands in index.html so that it is seen before any script has run. */
const wallet = document.getElementById("wallet")!;

/** What is looked at: a claim, or a request that has none yet. */
export type Focus = { readonly claim: Hex } | { readonly request: bigint } | undefined;

/** A digit that goes to somebody else; `turn` makes a fresh pad of it. */
type Again = { readonly turn: number; readonly drawn?: Uint8Array | undefined; readonly except?: string };

export function App({ network }: { network: Network }) {
  const summary = useSummary();
  const [again, setAgain] = useState<Again>({ turn: 0 });
  const [focus, setFocus] = useState<Focus>();
  const [reports, setReports] = useState<Readonly<Record<Hex, Report>>>({});
  const request =
    focus && "request" in focus
      ? summary.data?.requests.find(({ requestId }) => requestId === focus.request)
      : undefined;
  const id = focus && "claim" in focus ? focus.claim : request?.claim;
  const entry = summary.data?.claims.find((claim) => claim.id === id);
  const onReport = useCallback((claim: Hex, report: Report) => setReports((old) => ({ ...old, [claim]: report })), []);
  const shown = entry?.id ?? request?.requestId;
  const answers = useRef<HTMLDivElement>(null);
  // In one column what was chosen would lie out of sight.
  useEffect(() => {
    if (shown !== undefined && matchMedia("(max-width: 860px)").matches) answers.current?.scrollIntoView();
  }, [shown]);
  const askElse = (drawn: Uint8Array | undefined) => {
    setAgain({ turn: again.turn + 1, drawn, ...(request && { except: request.terms.operator }) });
    setFocus(undefined);
  };
  const looked = entry && {
    network,
    entry,
    report: reports[entry.id],
    onReport: (report: Report) => onReport(entry.id, report),
  };
  return (
    <>
      {createPortal(<WalletBar network={network} />, wallet)}
      {summary.error && <p role="alert">The chain does not answer at {network.rpc}. This page keeps trying.</p>}
      <div className="grid">
        <div className="stack">
          <Ask
            key={again.turn}
            network={network}
            drawn={again.drawn}
            except={again.except}
            onAsked={(asked) => setFocus({ request: asked })}
          />
          <Claims {...{ network, reports, onReport }} shown={shown} onFocus={setFocus} />
        </div>
        <div className="stack" ref={answers}>
          {request && !entry && <Waiting network={network} entry={request} onElse={askElse} />}
          {looked && entry ? (
            <>
              <Receipt key={`r${entry.id}`} network={network} entry={entry} />
              <Check key={`k${entry.id}`} {...looked} />
              <Challenge key={`c${entry.id}`} {...looked} />
            </>
          ) : (
            !request && <HowItGoes />
          )}
        </div>
      </div>
      <Doors network={network} />
    </>
  );
}

function HowItGoes() {
  return (
    <section className="card empty" aria-labelledby="how">
      <h2 id="how">What you will see here</h2>
      <p>Ask something, or choose one of the recent answers. Reading and checking need no wallet.</p>
      <ol className="steps">
        <li>
          <b>Ask.</b> An operator runs the model on your digit and locks stake behind what it answers.
        </li>
        <li>
          <b>Receipt.</b> What was answered, by whom, and until when it can be challenged.
        </li>
        <li>
          <b>Check.</b> This tab runs the same model again and compares every bit.
        </li>
        <li>
          <b>Challenge.</b> A false answer is proven on chain: the stake is slashed, who paid is made whole, and you are
          paid for looking.
        </li>
      </ol>
    </section>
  );
}
