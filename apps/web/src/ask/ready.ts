import { isReady } from "@opengradient/node/client";
import { useQueries } from "@tanstack/react-query";

/** Milliseconds between two knocks at a node's door. */
const PAUSE = 5_000;

/** Endpoints whose node does not answer this page right now. */
export function useSilent(endpoints: readonly string[]): ReadonlySet<string> {
  const ready = useQueries({
    queries: endpoints.map((endpoint) => ({
      queryKey: ["ready", endpoint],
      queryFn: () => isReady(endpoint),
      refetchInterval: PAUSE,
    })),
  });
  return new Set(endpoints.filter((_, i) => ready[i]!.data === false));
}
