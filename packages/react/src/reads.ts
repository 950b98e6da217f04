import {
  type Claim,
  claimStanding,
  type Funds,
  type OperatorRecord,
  proofBond,
  type Quote,
  quotes,
  type Reader,
  readFunds,
  readStake,
  type Standing,
  type Summary,
  summarise,
} from "@opengradient/protocol";
import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import type { Address, Hex } from "viem";
import { type History, isWhole, readOn } from "./history.ts";
import { usePlace, useReader } from "./place.ts";

/** Milliseconds between two looks at the chain. */
const PAUSE = 2_000;

/** The same while the past is still being read, a page with each look. */
const BREATH = 250;

/** All keys begin with the market's address: another deployment is another cache. */
const keyOf = ({ addresses }: Reader, ...rest: readonly unknown[]) => ["opengradient", addresses.market, ...rest];

/**
 * Claims, requests, tiers, offers and records of the whole system, kept up to date. Read from the events, newest
 * first: `whole` says whether the past is read to its beginning. No wallet is needed.
 * @example examples/Summary.tsx
 */
export function useSummary(): UseQueryResult<Summary> {
  const { reader, fromBlock } = usePlace();
  const client = useQueryClient();
  const queryKey = keyOf(reader, "events");
  const query = useQuery({
    queryKey,
    queryFn: () => readOn(reader, fromBlock, client.getQueryData<History>(queryKey)),
    refetchInterval: ({ state: { data, status } }) => (status === "success" && data && !isWhole(data) ? BREATH : PAUSE),
    structuralSharing: false,
  });
  const history = query.data;
  const data = useMemo(() => history && summarise(history.events, isWhole(history)), [history]);
  return { ...query, data } as UseQueryResult<Summary>;
}

/**
 * Clocks and status of a claim on chain, in unix seconds; waits while the claim is undefined.
 * @example examples/Standing.tsx
 */
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

/**
 * Who offers a model, at which price (smallest unit of OPG), up to which coverage, with which record; cheapest
 * first, and last those who can not be asked now, with the reason in `refusal`.
 * @example examples/Offers.tsx
 */
export function useOffers(modelRoot: Hex | undefined): UseQueryResult<readonly OperatorOffer[]> {
  const reader = useReader();
  const summary = useSummary().data;
  const operators = modelRoot && summary && (summary.offering.get(modelRoot) ?? []);
  const query = useQuery({
    queryKey: keyOf(reader, "offers", modelRoot, operators),
    queryFn: () => quotes(reader, { operators: operators!, modelRoot: modelRoot! }),
    enabled: operators !== undefined,
    // Another operator's offer changes the key: what is known of this model stays until the rest is there.
    placeholderData: (old, query) => (query?.queryKey[3] === modelRoot ? old : undefined),
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

/**
 * OPG (smallest unit) and native coin (wei) of an address; waits while the address is undefined.
 * @example examples/Funds.tsx
 */
export function useFunds(address: Address | undefined): UseQueryResult<Funds> {
  const reader = useReader();
  return useQuery({
    queryKey: keyOf(reader, "funds", address),
    queryFn: () => readFunds(reader, address!),
    enabled: address !== undefined,
    refetchInterval: PAUSE,
  });
}

/**
 * An operator's stake, locks and thaw, what is free of them (`room`), and what a first fault costs beside
 * (`faultBond`): smallest unit of OPG; `thawPeriod` in seconds.
 * @example examples/Stake.tsx
 */
export function useStake(operator: Address | undefined) {
  const reader = useReader();
  return useQuery({
    queryKey: keyOf(reader, "stake", operator),
    queryFn: () => readStake(reader, operator!),
    enabled: operator !== undefined,
    refetchInterval: 2 * PAUSE,
  });
}

/**
 * OPG (smallest unit) that a commit takes and gives back with the verdict.
 * @example examples/ProofBond.tsx
 */
export function useProofBond(): UseQueryResult<bigint> {
  const reader = useReader();
  return useQuery({
    queryKey: keyOf(reader, "bond"),
    queryFn: () => proofBond(reader),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/**
 * The chain's clock in unix seconds, moved on every second; undefined before the first block was read.
 * @example examples/Countdown.tsx
 */
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
