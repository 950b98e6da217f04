import {
  type ClaimEntry,
  type OperatorOffer,
  type RequestEntry,
  useChainTime,
  useOffers,
  useSummary,
} from "@opengradient/react";
import { useState } from "react";
import type { Hex } from "viem";
import type { Focus } from "../App.tsx";
import { askCheck } from "../check/ask.ts";
import { jobOf } from "../check/job.ts";
import type { Report } from "../check/messages.ts";
import type { Network } from "../network.ts";
import { named, numbered, opg, span } from "../words.ts";

type Props = {
  readonly network: Network;
  /** id of the claim, or number of the request, that is looked at */
  readonly shown: Hex | bigint | undefined;
  readonly onFocus: (focus: Focus) => void;
  /** what this tab found so far, by claim */
  readonly reports: Readonly<Record<Hex, Report>>;
  readonly onReport: (claim: Hex, report: Report) => void;
};

const AT_ONCE = 12;

/** Answers and open requests of everybody, so that anyone can check and challenge anyone's answer. */
export function Claims(props: Props) {
  const { network, reports, shown, onFocus } = props;
  const summary = useSummary();
  const now = useChainTime();
  const [most, setMost] = useState(AT_ONCE);
  const { claims = [], requests = [] } = summary.data ?? {};
  const waiting = requests.filter(({ state }) => state === "waiting");
  return (
    <section aria-labelledby="claims" className="card">
      <h2 id="claims">Recent answers</h2>
      {summary.error && <p role="alert">The chain does not answer. This page keeps trying.</p>}
      {summary.isLoading && <p className="working">Reading the chain …</p>}
      {summary.data && !claims.length && <p className="hint">None yet. Yours can be the first.</p>}
      {claims.length > 0 && (
        <p className="hint">Anyone may check and challenge any of them. Choose one, or check all that are open.</p>
      )}
      <CheckAll {...props} claims={claims} />
      <ul className="plain claims">
        {waiting.map((entry) => (
          <li key={String(entry.requestId)}>
            <Row
              number={entry.requestId}
              words={`waits for ${named(network.names, entry.terms.operator)}`}
              fee={entry.terms.fee}
              pressed={shown === entry.requestId}
              onPress={() => onFocus({ request: entry.requestId })}
            >
              <Left entry={entry} now={now} />
            </Row>
          </li>
        ))}
        {claims.slice(0, most).map((entry) => (
          <li key={entry.id}>
            <Row
              number={entry.claim.requestId}
              words={`${named(network.names, entry.claim.operator)} answered ${named(network.names, entry.claim.requester)}`}
              fee={entry.claim.fee}
              pressed={shown === entry.id}
              onPress={() => onFocus({ claim: entry.id })}
            >
              {reports[entry.id] && <Found report={reports[entry.id]!} />}
              <State entry={entry} now={now} />
            </Row>
          </li>
        ))}
      </ul>
      {claims.length > most && (
        <button type="button" className="quiet" onClick={() => setMost(most + AT_ONCE)}>
          Show older answers
        </button>
      )}
      {summary.data && !summary.data.whole && <p className="working">Reading older blocks …</p>}
    </section>
  );
}

type RowProps = {
  readonly number: bigint;
  readonly words: string;
  readonly fee: bigint;
  readonly pressed: boolean;
  readonly onPress: () => void;
  readonly children: React.ReactNode;
};

const Row = ({ number, words, fee, pressed, onPress, children }: RowProps) => (
  <button type="button" className="row" aria-pressed={pressed} onClick={onPress}>
    <b>{numbered(number)}</b>
    <span className="who">{words}</span>
    <span className="hint">{opg(fee)}</span>
    <span className="tags">{children}</span>
  </button>
);

/** Checks what is open and was not checked yet, one after the other. */
function CheckAll({ network, reports, onReport, claims }: Props & { claims: readonly ClaimEntry[] }) {
  const offers = useOffers(network.model).data;
  const [at, setAt] = useState<string>();
  const [failed, setFailed] = useState(0);
  const open = claims.filter(({ state, id }) => state === "open" && !reports[id]);
  if (!offers || (!open.length && at === undefined && !failed)) return null;
  const checkOne = (entry: ClaimEntry, known: readonly OperatorOffer[]) =>
    askCheck(jobOf(network, entry, known), () => {}).then(
      (report) => onReport(entry.id, report),
      () => setFailed((old) => old + 1),
    );
  const start = async () => {
    setFailed(0);
    for (const [i, entry] of open.entries()) {
      setAt(`Checking ${numbered(entry.claim.requestId)} (${i + 1} of ${open.length}) …`);
      await checkOne(entry, offers);
    }
    setAt(undefined);
  };
  return (
    <div className="check-all" aria-live="polite">
      {at === undefined ? (
        open.length > 0 && (
          <button type="button" className="quiet" onClick={start}>
            {open.length === 1 ? "Check the open one" : `Check the ${open.length} open ones`}
          </button>
        )
      ) : (
        <p className="working">{at}</p>
      )}
      {failed > 0 && <p role="alert">{failed} could not be checked: choose one to see why.</p>}
    </div>
  );
}

const FOUND = { equal: ["good", "bit-equal"], differs: ["bad", "false"], withheld: ["warn", "withheld"] } as const;

function Found({ report: { verdict } }: { report: Report }) {
  const [tone, words] = FOUND[verdict];
  return <span className={`tag ${tone}`}>{words}</span>;
}

function Left({ entry, now }: { entry: RequestEntry; now: number | undefined }) {
  const left = now === undefined ? undefined : Number(entry.terms.deadline) - now;
  return <span className="tag">{left !== undefined && left < 0 ? "not answered" : "waiting"}</span>;
}

function State({ entry, now }: { entry: ClaimEntry; now: number | undefined }) {
  if (entry.state === "void") return <span className="tag bad">fallen</span>;
  if (entry.state === "final") return <span className="tag good">final</span>;
  if (entry.moves) return <span className="tag warn">challenged</span>;
  const left = now === undefined ? undefined : entry.windowEnd - now;
  return <span className="tag">{left !== undefined && left > 0 ? `open, ${span(left)} left` : "open"}</span>;
}
