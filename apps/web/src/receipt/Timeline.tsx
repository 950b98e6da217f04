import type { Standing } from "@opengradient/protocol";
import type { ClaimEntry } from "@opengradient/react";
import { clock, span } from "../words.ts";

type Props = { readonly entry: ClaimEntry; readonly standing: Standing | undefined; readonly now: number | undefined };

/** Posted, open to challenge, final: with the time that is left. */
export function Timeline({ entry, standing, now }: Props) {
  if (!standing || now === undefined) return null;
  const { windowEnd, quietAt, finalAfter, parameters, status } = standing;
  const posted = windowEnd - parameters.window;
  const done = (at: number) => (now >= at ? "done" : "");
  const length = Math.max(1, finalAfter - posted);
  const passed = status === "open" ? Math.min(1, Math.max(0, (now - posted) / length)) : 1;
  return (
    <div className="timeline" data-state={status}>
      <div className="track" aria-hidden="true">
        <span style={{ inlineSize: `${100 * passed}%` }} />
      </div>
      <ol>
        <li className="done">
          <b>Posted</b> <time>{clock(posted)}</time>
        </li>
        {status === "void" ? (
          <li className="bad">
            <b>Fallen</b> proven false or withheld: the stake is slashed
            {standing.backing === "request" && ", the fee went back"}
          </li>
        ) : (
          <>
            <li className={done(quietAt)}>
              <b>{now <= quietAt ? `Can be challenged for ${span(quietAt - now)}` : "Time to challenge is over"}</b>{" "}
              <time>until {clock(quietAt)}</time>
            </li>
            <li className={status === "final" ? "done" : ""}>
              <b>
                {status === "final"
                  ? "Final"
                  : now > finalAfter
                    ? "Can be made final now"
                    : `Final in ${span(finalAfter - now)}`}
              </b>{" "}
              <time>after {clock(finalAfter)}</time>
            </li>
          </>
        )}
      </ol>
      {entry.moves > 0 && status === "open" && (
        <p className="hint">
          Somebody has begun a challenge.
          {standing.pending > 0 &&
            ` ${standing.pending} of its demands wait for the operator: it can not be final before.`}
        </p>
      )}
    </div>
  );
}
