import type { Verdict } from "@opengradient/dispute";
import { readFunds, type Writer } from "@opengradient/protocol";
import { type ClaimEntry, inWords, useChainTime, useWriter } from "@opengradient/react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useConnection } from "wagmi";
import { askCheck } from "../check/ask.ts";
import { useJob } from "../check/job.ts";
import type { Report } from "../check/messages.ts";
import type { Network } from "../network.ts";
import { span, whole } from "../words.ts";
import { type Change, Ending, Money, Owed } from "./Outcome.tsx";
import { type Line, type Pause, playChallenge } from "./play.ts";
import { QuoteList } from "./QuoteList.tsx";

type Props = {
  readonly network: Network;
  readonly entry: ClaimEntry;
  readonly report: Report | undefined;
  readonly onReport: (report: Report) => void;
};

type State = {
  readonly running: boolean;
  readonly lines: readonly Line[];
  readonly pause: Pause | undefined;
  readonly error: string | undefined;
  readonly verdict: Verdict | undefined;
  readonly change: Change | undefined;
};

const IDLE: State = {
  running: false,
  lines: [],
  pause: undefined,
  error: undefined,
  verdict: undefined,
  change: undefined,
};

/** What a challenge costs and brings, one button, the moves as they happen, and where the money went. */
export function Challenge({ network, entry, report, onReport }: Props) {
  const { kind, writer } = useWriter();
  const { address } = useConnection();
  const queries = useQueryClient();
  const job = useJob(network, entry);
  const [state, setState] = useState<State>(IDLE);
  const before = useRef<Change | undefined>(undefined);
  const stop = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const can = report !== undefined && report.verdict !== "equal" && entry.state === "open";
  const update = (part: Partial<State>) => setState((old) => ({ ...old, ...part }));

  const play = async (from: Writer) => {
    stop.current = new AbortController();
    before.current ??= await readFunds(from, from.wallet.account.address);
    const telling = {
      tell: (line: Line) => setState((old) => ({ ...old, lines: [...old.lines, line], pause: undefined })),
      wait: (pause: Pause) => update({ pause }),
    };
    const verdict = await playChallenge(from, job!, telling, stop.current.signal);
    if (verdict === undefined) return;
    onReport(await askCheck(job!, () => {}));
    const after = await readFunds(from, from.wallet.account.address);
    const change = { opg: after.opg - before.current.opg, native: after.native - before.current.native };
    update({ verdict, change });
  };
  const start = async () => {
    if (!writer || !job) return;
    update({ running: true, error: undefined });
    await play(writer).catch((error) => update({ error: inWords(error, "challenge").message }));
    update({ running: false, pause: undefined });
    await queries.invalidateQueries({ queryKey: ["opengradient"] });
  };
  return (
    <section aria-labelledby="challenge" className="card">
      <h2 id="challenge">
        <span className="number">4</span> Challenge
      </h2>
      {entry.state === "open" && !can && !state.verdict && (
        <p className="hint">
          {report?.verdict === "equal"
            ? "The answer is right: a challenge could only cost you money."
            : "Check the answer first. If it is false, one button proves it on chain and pays you."}
        </p>
      )}
      {entry.state === "final" && <p className="hint">This answer is final: it can no longer be challenged.</p>}
      {can && !state.running && !state.verdict && <QuoteList entry={entry} network={network} quote={report.quote} />}
      {can && !state.verdict && (
        <button
          type="button"
          className="primary danger"
          disabled={state.running || kind !== "ready" || !job}
          onClick={start}
        >
          {state.running
            ? "The challenge is under way …"
            : state.lines.length
              ? "Go on with the challenge"
              : "Challenge this answer"}
        </button>
      )}
      {can && kind === "none" && <p className="hint">Connect a wallet to challenge.</p>}
      {can && kind === "wrong chain" && <p className="hint">Your wallet is on another chain: switch it above.</p>}
      <Story state={state} />
      {state.verdict && <Ending {...{ network, entry }} verdict={state.verdict} change={state.change} />}
      {entry.state === "void" && <Money entry={entry} network={network} change={state.change} />}
      {address && !state.running && entry.moves > 0 && <Owed entry={entry} account={address} />}
    </section>
  );
}

function Story({ state: { lines, pause, error, running } }: { state: State }) {
  return (
    <div aria-live="polite" data-testid="challenge">
      <ol className="story">
        {lines.map(({ words, reason, gas }) => (
          <li key={words}>
            {words}.{" "}
            {reason && (
              <small className="hint">
                {reason}; {whole(gas ?? 0n)} gas
              </small>
            )}
          </li>
        ))}
      </ol>
      {running && pause && <Waiting pause={pause} />}
      {error && <p role="alert">{error}. What was done so far stays done; you can go on, and nothing is sent twice.</p>}
    </div>
  );
}

function Waiting({ pause: { words, until } }: { pause: Pause }) {
  const now = useChainTime();
  const left = until === undefined || now === undefined ? undefined : until - now;
  return (
    <p className="working">
      {words} {left !== undefined && <b>{left > 0 ? `(${span(left)} left)` : "(time is over)"}</b>}
    </p>
  );
}
