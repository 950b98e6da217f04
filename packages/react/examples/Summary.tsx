import { useSummary } from "@opengradient/react";

/** The newest answers, and what became of them. */
export function Summary() {
  const { data, error } = useSummary();
  if (error) return <p role="alert">The chain does not answer.</p>;
  if (!data) return <p>Reading …</p>;
  return (
    <>
      <ul>
        {data.claims.slice(0, 10).map(({ id, claim, state }) => (
          <li key={id}>
            #{String(claim.requestId)} is {state}
          </li>
        ))}
      </ul>
      {data.whole || <p>Older ones are still being read …</p>}
    </>
  );
}
