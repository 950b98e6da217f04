import { type ClaimEntry, useChainTime, useSummary } from "@opengradient/react";
import type { Network } from "../network.ts";
import { named, opg, short, span } from "../words.ts";

type Props = {
  readonly network: Network;
  readonly selected: string | undefined;
  readonly onSelect: (id: ClaimEntry["id"]) => void;
};

const MOST = 12;

/** The last claims of everybody, so that anyone can check anyone's answer. */
export function Claims({ network, selected, onSelect }: Props) {
  const summary = useSummary();
  const now = useChainTime();
  const claims = summary.data?.claims;
  return (
    <section aria-labelledby="claims" className="card">
      <h2 id="claims">Recent answers</h2>
      {summary.error && !claims && <p role="alert">The chain does not answer. This page keeps trying.</p>}
      {claims?.length === 0 && <p className="hint">None yet. Yours can be the first.</p>}
      <ul className="plain claims">
        {claims?.slice(0, MOST).map((entry) => (
          <li key={entry.id}>
            <button
              type="button"
              className="row"
              aria-pressed={entry.id === selected}
              onClick={() => onSelect(entry.id)}
            >
              <b>#{String(entry.claim.requestId)}</b>
              <span>
                {named(network.names, entry.claim.operator)} answered {named(network.names, entry.claim.requester)}
              </span>
              <span className="hint">{opg(entry.claim.fee)}</span>
              <State entry={entry} now={now} />
              <code className="hint">{short(entry.id)}</code>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function State({ entry, now }: { entry: ClaimEntry; now: number | undefined }) {
  if (entry.state === "void") return <span className="tag bad">proven false</span>;
  if (entry.state === "final") return <span className="tag good">final</span>;
  if (entry.moves) return <span className="tag warn">challenged</span>;
  const left = now === undefined ? undefined : entry.windowEnd - now;
  return <span className="tag">{left !== undefined && left > 0 ? `open, ${span(left)} left` : "open"}</span>;
}
