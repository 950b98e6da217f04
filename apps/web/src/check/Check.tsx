import type { ClaimEntry } from "@opengradient/react";
import { useState } from "react";
import { bytesToHex } from "viem";
import { floats, largest } from "../digit.ts";
import type { Network } from "../network.ts";
import { named } from "../words.ts";
import { askCheck } from "./ask.ts";
import { useJob } from "./job.ts";
import type { Difference, Report } from "./messages.ts";

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly words: string }
  | { readonly kind: "failed"; readonly message: string };

type Props = {
  readonly network: Network;
  readonly entry: ClaimEntry;
  readonly report: Report | undefined;
  readonly onReport: (report: Report) => void;
};

/** Runs the same Program on the same input in this tab, and says whether the bits are the same. */
export function Check({ network, entry, report, onReport }: Props) {
  const [state, setState] = useState<State>({ kind: "idle" });
  const job = useJob(network, entry);
  const start = async () => {
    if (!job) return;
    setState({ kind: "running", words: "Starting …" });
    try {
      onReport(await askCheck(job, (words) => setState({ kind: "running", words })));
      setState({ kind: "idle" });
    } catch (error) {
      setState({ kind: "failed", message: (error as Error).message });
    }
  };
  return (
    <section aria-labelledby="check" className="card">
      <h2 id="check">
        <span className="number">3</span> Check it in this tab
      </h2>
      <p>
        Your browser fetches the model, makes sure that it is the one that was asked for, runs it on the same input, and
        compares every bit. It needs to believe nobody.
      </p>
      <button type="button" className="primary" disabled={!job || state.kind === "running"} onClick={start}>
        {report ? "Check again" : "Check this answer"}
      </button>
      <div aria-live="polite" data-testid="check">
        {state.kind === "running" && <p className="working">{state.words}</p>}
        {state.kind === "failed" && (
          <p role="alert">
            This answer could not be checked: {state.message}. Try again, or later: any operator that serves the model
            right will do.
          </p>
        )}
        {state.kind === "idle" && report && (
          <Verdict report={report} who={named(network.names, entry.claim.operator)} />
        )}
      </div>
    </section>
  );
}

function Verdict({ report, who }: { report: Report; who: string }) {
  const { verdict, timings, output, difference, reason } = report;
  const best = output && largest(floats(output));
  return (
    <div className={`verdict ${verdict}`}>
      {verdict === "equal" && (
        <p>
          <b>Bit-equal.</b> This tab computed the same answer ({best}), and the same result at every step on the way:{" "}
          {who} ran this model on this input.
        </p>
      )}
      {verdict === "differs" && (
        <p>
          <b>Not what the model gives.</b> This tab computed {best}; {who} signed something else. That can be proven on
          chain, by one number alone.
        </p>
      )}
      {verdict === "withheld" && (
        <p>
          <b>Can not be checked from here:</b> {who} does not serve the data. They can be demanded on chain: who answers
          is paid for it, who stays silent loses its stake as for a lie. <small className="hint">({reason})</small>
        </p>
      )}
      {difference && <SideBySide difference={difference} who={who} />}
      <p className="hint">
        Model fetched and verified in {timings.fetch.toFixed(0)} ms, engine ready in {timings.prepare.toFixed(0)} ms
        {timings.run !== undefined && `, run in ${timings.run.toFixed(1)} ms`}. Served by {report.servedBy}.
      </p>
      {output && (
        <details>
          <summary>The bits of this tab's answer</summary>
          <code className="words" data-testid="bits">
            {bytesToHex(output)}
          </code>
        </details>
      )}
    </div>
  );
}

function SideBySide({
  difference: { kernel, kernels, element, theirs, ours, dtype },
  who,
}: {
  difference: Difference;
  who: string;
}) {
  const bits = (bytes: Uint8Array) =>
    [...bytes]
      .reverse()
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join(" ");
  const value = (bytes: Uint8Array) => numberOf(dtype, bytes);
  return (
    <table>
      <caption>
        The first difference: number {element} of what step {kernel + 1} of {kernels} gives
      </caption>
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">Value</th>
          <th scope="col">Bits (hex)</th>
        </tr>
      </thead>
      <tbody>
        <tr className="bad">
          <th scope="row">{who}</th>
          <td>{theirs ? value(theirs) : "not given"}</td>
          <td>
            <code>{theirs ? bits(theirs) : "–"}</code>
          </td>
        </tr>
        <tr className="good">
          <th scope="row">This tab</th>
          <td>{value(ours)}</td>
          <td>
            <code>{bits(ours)}</code>
          </td>
        </tr>
      </tbody>
    </table>
  );
}

function numberOf(dtype: Difference["dtype"], bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (dtype === 0) return view.getFloat32(0, true).toPrecision(9);
  return String(dtype === 1 ? view.getInt32(0, true) : dtype === 2 ? view.getInt8(0) : view.getUint8(0));
}
