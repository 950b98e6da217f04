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
type Focus = { readonly claim: Hex } | { readonly request: bigint } | undefined;

export function App({ network }: { network: Network }) {
  const summary = useSummary();
  const [focus, setFocus] = useState<Focus>();
  const [reports, setReports] = useState<Readonly<Record<Hex, Report>>>({});
  const request =
    focus && "request" in focus
      ? summary.data?.requests.find(({ requestId }) => requestId === focus.request)
      : undefined;
  const id = focus && "claim" in focus ? focus.claim : request?.claim;
  const entry = summary.data?.claims.find((claim) => claim.id === id);
  const select = useCallback((claim: Hex) => setFocus({ claim }), []);
  const shown = entry?.id ?? request?.requestId;
  const answers = useRef<HTMLDivElement>(null);
  // In one column what was chosen would lie out of sight.
  useEffect(() => {
    if (shown !== undefined && matchMedia("(max-width: 860px)").matches) answers.current?.scrollIntoView();
  }, [shown]);
  return (
    <>
      {createPortal(<WalletBar network={network} />, wallet)}
      {summary.error && <p role="alert">The chain does not answer at {network.rpc}. This page keeps trying.</p>}
      <div className="grid">
        <div className="stack">
          <Ask network={network} onAsked={(asked) => setFocus({ request: asked })} />
          <Claims network={network} selected={entry?.id} onSelect={select} />
          <Doors network={network} />
        </div>
        <div className="stack" ref={answers}>
          {request && !entry && <Waiting network={network} entry={request} />}
          {entry ? (
            <>
              <Receipt key={`r${entry.id}`} network={network} entry={entry} />
              <Check
                key={`k${entry.id}`}
                network={network}
                entry={entry}
                onReport={(report) => setReports((old) => ({ ...old, [entry.id]: report }))}
              />
              <Challenge key={`c${entry.id}`} network={network} entry={entry} report={reports[entry.id]} />
            </>
          ) : (
            !request && (
              <section className="card empty">
                <h2>Receipt · Check · Challenge</h2>
                <p>Ask something, or choose one of the recent answers. Reading and checking need no wallet.</p>
              </section>
            )
          )}
        </div>
      </div>
    </>
  );
}
