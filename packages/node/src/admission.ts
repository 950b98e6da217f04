/** What one claim may ask of its operator: seconds to trace its run again, and its tier's A, the seconds to answer in. */
export type Burden = { readonly seconds: number; readonly answer: number };

/**
 * Why one claim more is not taken, or undefined. All open claims may be demanded in the same block, and a demand that
 * is not answered in time costs stake: tracing all of them again must fit into half of the shortest A; the other half
 * is for the chain to take the answers.
 */
export function overburdened(open: readonly Burden[], next: Burden): string | undefined {
  const all = [...open, next];
  const seconds = all.reduce((sum, burden) => sum + burden.seconds, 0);
  const most = Math.min(...all.map(({ answer }) => answer)) / 2;
  if (seconds <= most) return undefined;
  return `with ${open.length} open claims it would take ${seconds.toFixed(1)} s to trace all again, ${most} s is the most`;
}
