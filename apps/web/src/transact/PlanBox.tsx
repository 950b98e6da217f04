import { type Step, usePlan, useWriter } from "@opengradient/react";
import { type ReactNode, useEffect, useState } from "react";
import { plain } from "../words.ts";

type Done = NonNullable<Awaited<ReturnType<ReturnType<typeof usePlan>["run"]>>>;

const ADVICE = {
  retry: "Trying again may help.",
  change: "Change the value and try again.",
  stop: "Trying again can not help.",
  report: "If this persists it is a fault of ours: please report it.",
} as const;

type Props = {
  readonly label: string;
  /** undefined: something is still missing, said by `missing` */
  readonly steps: readonly Step[] | undefined;
  readonly missing?: string;
  /** who gets what, what is locked until when */
  readonly children: ReactNode;
  /** before anything is sent */
  readonly onStart?: () => void;
  readonly onDone?: (done: Done) => void;
};

const said = (step: Step | undefined): string | undefined =>
  step && step.call.functionName + JSON.stringify(step.call.args, (_, v) => (typeof v === "bigint" ? String(v) : v));

/** Transactions in words, simulated before the wallet is asked, and one button. */
export function PlanBox({ label, steps, missing, children, onStart, onDone }: Props) {
  const { kind } = useWriter();
  const plan = usePlan();
  const { status, at, error, simulate, run } = plan;
  const busy = status === "signing";
  // Only the first step can be simulated before it is sent: the others build on it.
  const [first, setFirst] = useState(steps?.[0]);
  // Simulated again when the call says something else, not when it is rebuilt.
  if (said(steps?.[0]) !== said(first)) setFirst(steps?.[0]);
  useEffect(() => {
    if (first && kind === "ready") void simulate(first);
  }, [first, kind, simulate]);
  const go = async () => {
    if (!steps) return;
    onStart?.();
    const done = await run(steps);
    if (done) onDone?.(done);
  };
  return (
    <div className="plan">
      <div className="words">{children}</div>
      {steps && steps.length > 1 && (
        <ol className="steps">
          {steps.map(({ words }, i) => (
            <li key={words} aria-current={busy && i === at ? "step" : undefined}>
              {words}
            </li>
          ))}
        </ol>
      )}
      <button type="button" className="primary" disabled={!steps || busy || kind !== "ready"} onClick={go}>
        {status === "signing" ? `Step ${at + 1} of ${steps?.length ?? 1}: your wallet and the chain …` : label}
      </button>
      {kind === "none" && <p className="hint">Connect a wallet to go on. Reading and checking need none.</p>}
      {kind === "wrong chain" && <p className="hint">Your wallet is on another chain: switch it above.</p>}
      {kind === "ready" && !steps && missing && <p className="hint">{missing}</p>}
      {error && (
        <p role="alert">
          {plain(error.message)}. {ADVICE[error.advice]}
        </p>
      )}
    </div>
  );
}
