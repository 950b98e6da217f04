import {
  type Claim,
  claimStanding,
  type Funds,
  findOperators,
  type ProtocolEvent,
  proofBond,
  type Quote,
  type Reader,
  readEvents,
  readFunds,
  readStake,
  type Standing,
} from "@opengradient/protocol";
import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import type { Address, Hex } from "viem";
import { usePlace, useReader } from "./place.ts";
import { type OperatorRecord, type Summary, summarise } from "./summary.ts";

/** Milliseconds between two looks at the chain. */
const PAUSE = 2_000;

/** Blocks at the end that are read again, since a reorganisation may replace them. */
const UNSURE = 12n;

type Events = { readonly to: bigint; readonly events: readonly ProtocolEvent[] };

/** All keys begin with the market's address: another deployment is another cache. */
const keyOf = ({ addresses }: Reader, ...rest: readonly unknown[]) => ["opengradient", addresses.market, ...rest];

async function readOn(reader: Reader, from: bigint, known: Events | undefined): Promise<Events> {
  const to = await reader.chain.getBlockNumber({ cacheTime: 0 });
  if (known && known.to === to) return known;
  const since = known && known.to > from + UNSURE ? known.to - UNSURE : from;
  const fresh = await readEvents(reader, { from: since, to });
  const kept = known?.events.filter(({ block }) => block < since) ?? [];
  return { to, events: [...kept, ...fresh] };
}

/** Claims, requests, tiers and records of the whole system, kept up to date. */
export function useSummary(): UseQueryResult<Summary> {
  const { reader, fromBlock } = usePlace();
  const client = useQueryClient();
  const queryKey = keyOf(reader, "events");
  const query = useQuery({
    queryKey,
    queryFn: () => readOn(reader, fromBlock, client.getQueryData<Events>(queryKey)),
    refetchInterval: PAUSE,
    structuralSharing: false,
  });
  const events = query.data?.events;
  const data = useMemo(() => events && summarise(events), [events]);
  return { ...query, data } as UseQueryResult<Summary>;
}

/** Where a claim stands on chain; undefined without one. */
export function useStanding(claim: Claim | undefined): UseQueryResult<Standing> {
  const reader = useReader();
  return useQuery({
    queryKey: keyOf(reader, "standing", claim?.operator, String(claim?.requestId)),
    queryFn: () => claimStanding(reader, claim!),
    enabled: claim !== undefined,
    refetchInterval: PAUSE,
  });
}

export type OperatorOffer = Quote & { readonly record: OperatorRecord };

const NO_RECORD: OperatorRecord = { answers: 0, final: 0, void: 0 };

/** Who offers a model, at which price, with which record; cheapest first. */
export function useOffers(modelRoot: Hex | undefined): UseQueryResult<readonly OperatorOffer[]> {
  const { reader, fromBlock } = usePlace();
  const summary = useSummary().data;
  const query = useQuery({
    queryKey: keyOf(reader, "offers", modelRoot),
    queryFn: () => findOperators(reader, modelRoot!, fromBlock),
    enabled: modelRoot !== undefined,
    refetchInterval: 2 * PAUSE,
  });
  const data = useMemo(
    () =>
      query.data?.map((quote) => ({
        ...quote,
        record: summary?.records.get(quote.operator.toLowerCase()) ?? NO_RECORD,
      })),
    [query.data, summary],
  );
  return { ...query, data } as UseQueryResult<readonly OperatorOffer[]>;
}

/** OPG and native coin of an address. */
export function useFunds(address: Address | undefined): UseQueryResult<Funds> {
  const reader = useReader();
  return useQuery({
    queryKey: keyOf(reader, "funds", address),
    queryFn: () => readFunds(reader, address!),
    enabled: address !== undefined,
    refetchInterval: PAUSE,
  });
}

/** An operator's stake, locks and thaw, what is free of them, and what a first fault costs beside. */
export function useStake(operator: Address | undefined) {
  const reader = useReader();
  return useQuery({
    queryKey: keyOf(reader, "stake", operator),
    queryFn: () => readStake(reader, operator!),
    enabled: operator !== undefined,
    refetchInterval: 2 * PAUSE,
  });
}

/** OPG that a commit takes and gives back with the verdict. */
export function useProofBond(): UseQueryResult<bigint> {
  const reader = useReader();
  return useQuery({
    queryKey: keyOf(reader, "bond"),
    queryFn: () => proofBond(reader),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The chain's clock in unix seconds, moved on every second; undefined before the first block was read. */
export function useChainTime(): number | undefined {
  const reader = useReader();
  const block = useQuery({
    queryKey: keyOf(reader, "time"),
    queryFn: async () => Number((await reader.chain.getBlock()).timestamp) - Date.now() / 1000,
    refetchInterval: 5 * PAUSE,
  });
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return block.data === undefined ? undefined : Math.floor(now / 1000 + block.data);
}
