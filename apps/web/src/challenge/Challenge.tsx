import { readFunds, waterfall } from "@opengradient/protocol";
import { type ClaimEntry, inWords, useProofBond, useStake, useWriter } from "@opengradient/react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useJob } from "../check/Check.tsx";
import type { Report } from "../check/messages.ts";
import type { Network } from "../network.ts";
import { named, native, opg, signed } from "../words.ts";
import { type Line, playChallenge } from "./play.ts";

type Props = { readonly network: Network; readonly entry: ClaimEntry; readonly report: Report | undefined };

type State = {
  readonly running: boolean;
  readonly lines: readonly Line[];
  readonly waiting: string;
  readonly error: string | undefined;
  /** of our account, since the first move */
  readonly gained: bigint | undefined;
};

const IDLE: State = { running: false, lines: [], waiting: "", error: undefined, gained: undefined };

/** What a challenge costs and brings, one button, the moves as they happen, and where the money went. */
export function Challenge({ network, entry, report }: Props) {
  const { kind, writer } = useWriter();
  const queries = useQueryClient();
  const job = useJob(network, entry);
  const [state, setState] = useState<State>(IDLE);
  const stop = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const can = report !== undefined && report.verdict !== "equal" && entry.state === "open";

  const start = async () => {
    if (!writer || !job) return;
    stop.current = new AbortController();
    setState({ ...IDLE, running: true });
    const account = writer.wallet.account.address;
    const before = await readFunds(writer, account);
    const telling = {
      tell: (line: Line) => setState((old) => ({ ...old, lines: [...old.lines, line], waiting: "" })),
      wait: (waiting: string) => setState((old) => ({ ...old, waiting })),
    };
    try {
      await playChallenge(writer, job, telling, stop.current.signal);
      const after = await readFunds(writer, account);
      setState((old) => ({ ...old, running: false, waiting: "", gained: after.opg - before.opg }));
    } catch (error) {
      setState((old) => ({ ...old, running: false, waiting: "", error: inWords(error, "challenge").message }));
    }
    await queries.invalidateQueries({ queryKey: ["opengradient"] });
  };
  return (
    <section aria-labelledby="challenge" className="card">
      <h2 id="challenge">
        <span className="number">4</span> Challenge
      </h2>
      {entry.state === "open" && !can && (
        <p className="hint">
          {report?.verdict === "equal"
            ? "The answer is right: a challenge could only lose its bond."
            : "Check the answer first. If it is false, one button proves it on chain and pays you."}
        </p>
      )}
      {entry.state === "final" && <p className="hint">This answer is final: it can no longer be challenged.</p>}
      {can && <Quote entry={entry} network={network} report={report} />}
      {can && (
        <button
          type="button"
          className="primary danger"
          disabled={state.running || kind !== "ready" || !job}
          onClick={start}
        >
          {state.running
            ? "The challenge is under way …"
            : state.error
              ? "Go on with the challenge"
              : "Challenge this answer"}
        </button>
      )}
      {can && kind === "none" && <p className="hint">Connect a wallet to challenge.</p>}
      <div aria-live="polite" data-testid="challenge">
        <ol className="story">
          {state.lines.map(({ words, gas }) => (
            <li key={words}>
              {words} {gas !== undefined && <small className="hint">{String(gas)} gas</small>}
            </li>
          ))}
        </ol>
        {state.waiting && <p className="working">{state.waiting}</p>}
        {state.error && <p role="alert">{state.error}. What was done so far stays done; you can go on.</p>}
        {entry.state === "void" && <Money entry={entry} network={network} gained={state.gained} />}
      </div>
    </section>
  );
}

function Quote({ entry, network, report }: Props & { report: Report }) {
  const bond = useProofBond().data;
  const stake = useStake(entry.claim.operator).data;
  if (bond === undefined || !stake) return null;
  const shares = waterfall(entry.claim.coverage, stake.frozenAt === 0 ? stake.faultBond : 0n);
  return (
    <dl className="quote">
      <dt>You put up</dt>
      <dd>
        {report.verdict === "withheld"
          ? `${opg(report.price.opg)} and ${native(report.price.native)} for the data that must be demanded first: they go to whoever answers, or back to you. `
          : `Gas of about ${native(report.price.native)} for the next move. `}
        {opg(bond)} as a bond when it comes to the proof; it comes back with the verdict.
      </dd>
      <dt>You get, if it falls</dt>
      <dd>
        <b>{opg(shares.challenger)}</b>
      </dd>
      <dt>Who paid gets</dt>
      <dd>
        {opg(shares.victim)} and the fee of {opg(entry.claim.fee)} back
      </dd>
      <dt>{named(network.names, entry.claim.operator)} loses</dt>
      <dd>
        {opg(shares.total)} of stake, of which {opg(shares.burn)} is burnt
      </dd>
    </dl>
  );
}

function Money({ entry, network, gained }: Omit<Props, "report"> & { gained: bigint | undefined }) {
  const { shares, challenger, claim } = entry;
  if (!shares || !challenger) return null;
  return (
    <div className="verdict differs">
      <p>
        <b>Proven false.</b> The stake is slashed: {opg(shares.total)} from {named(network.names, claim.operator)}.
      </p>
      <ul className="money-flow">
        <li>
          {opg(shares.victim)} and the fee of {opg(claim.fee)} to {named(network.names, claim.requester)}, who paid
        </li>
        <li>
          {opg(shares.challenger)} to {named(network.names, challenger)}, who looked
        </li>
        <li>{opg(shares.burn)} burnt</li>
      </ul>
      {gained !== undefined && (
        <p>
          Your balance changed by <b data-testid="gained">{signed(gained)}</b>.
        </p>
      )}
    </div>
  );
}
