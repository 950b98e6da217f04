import { stakingAbi } from "@opengradient/bindings";
import type { Act } from "@opengradient/dispute";
import { claimStanding, type Package, type Reader } from "@opengradient/protocol";
import type { Hex } from "viem";
import { type Case, decide, runCase, viewCase } from "./case.ts";
import { claimHistory, disputedClaims, openClaims } from "./claims.ts";
import type { Db } from "./database.ts";
import type { Defender } from "./defender.ts";
import { servedNodes } from "./evidence.ts";
import type { LoadedModel } from "./executor.ts";
import type { Head } from "./follower.ts";
import type { ClaimHistory } from "./history.ts";
import type { Inputs } from "./inputs.ts";
import type { Log } from "./log.ts";
import { fetchInputs } from "./remote.ts";
import type { TakeShown } from "./shown.ts";
import { type Verdict, verdictTable } from "./verdicts.ts";

export type Watcher = {
  tick(head: Head): Promise<void>;
  verdicts(): readonly Verdict[];
  /** the model of an open claim over this input that its operator did not give; so that a requester can */
  waitsFor(input: Hex): Hex | undefined;
  /** claims by what was found: right, false, or that nothing could be found */
  counts(): { readonly right: number; readonly wrong: number; readonly unchecked: number };
};

export type WatcherOptions = {
  readonly db: Db;
  readonly models: ReadonlyMap<string, LoadedModel>;
  readonly reader: Reader;
  readonly inputs: Inputs;
  readonly takeShown: TakeShown;
  /** absent: watch and report only */
  readonly defender: Defender | undefined;
  /** seconds from a claim's post in which the defender leaves it to others */
  readonly patience?: number;
  /** digests of the only claims to look at */
  readonly only?: readonly Hex[] | undefined;
  readonly log: Log;
};

type Watched = Case & {
  readonly endpoint: string;
  inputAskedAt: number;
  /** the history for which the claim was found right: nothing to do until it grows */
  restsAt: string | undefined;
  /** the last finding that was logged */
  told: string | undefined;
};

/** Seconds between two questions for an input that was not served. */
const ASK_INPUT_AGAIN = 15;

const AT_ONCE = 8;

export function openWatcher(options: WatcherOptions): Watcher {
  const { db, models, reader, inputs, takeShown, defender, patience = 0, only, log } = options;
  const table = verdictTable(db);
  const cases = new Map<Hex, Watched>();
  /** decided, with nothing left to take */
  const closed = new Set<Hex>();
  const unchecked = new Set<Hex>();
  const minds = (digest: Hex): boolean => !unchecked.has(digest) && (only?.includes(digest) ?? true);

  async function caseOf({ digest, claim }: ClaimHistory): Promise<Watched> {
    const known = cases.get(digest);
    if (known) return known;
    const { endpoint } = await reader.chain.readContract({
      address: reader.addresses.staking,
      abi: stakingAbi,
      functionName: "operators",
      args: [claim.operator],
    });
    const model = models.get(claim.modelRoot)!;
    const served = servedNodes(endpoint, digest);
    const fresh = { model, served, own: undefined, endpoint, inputAskedAt: 0, restsAt: undefined, told: undefined };
    cases.set(digest, fresh);
    return fresh;
  }

  async function servedInput(
    held: Watched,
    { claim, digest }: ClaimHistory,
    now: number,
  ): Promise<Package | undefined> {
    if (now - held.inputAskedAt < ASK_INPUT_AGAIN) return undefined;
    held.inputAskedAt = now;
    return fetchInputs(held.endpoint, { digest, side: claim.input });
  }

  /** Runs the claim again if its contract showed the input, or its requester or its operator gives it off chain. */
  async function rerun(held: Watched, history: ClaimHistory, now: number): Promise<void> {
    const { claim, digest } = history;
    if (held.own) return;
    try {
      await takeShown(claim.requestId);
      const input = inputs.get(claim.input) ?? (await servedInput(held, history, now));
      if (input) runCase(held, history, input);
    } catch (error) {
      log.warn({ digest, error: String(error) }, "the operator's input can not be used: it would have to be demanded");
    }
  }

  async function watch(digest: Hex, head: Head): Promise<void> {
    const history = claimHistory(db, digest)!;
    if (!models.has(history.claim.modelRoot)) {
      unchecked.add(digest);
      table.write({ digest, agree: undefined, reason: "the model is not loaded here", checkedAt: head.time });
      return;
    }
    const held = await caseOf(history);
    const growth = `${history.opening ? 1 : 0}/${history.demands.length}`;
    if (held.restsAt === growth) return;
    await rerun(held, history, head.time);
    const commits = defender?.commits(digest, history) ?? [];
    const bond = defender?.bond ?? 0n;
    const floor = (await defender?.floor()) ?? 0n;
    const view = await viewCase(reader, held, history, { head, commits, bond, floor });
    const acts = await decide(held, history, view);
    record(digest, held, acts, head.time);
    if (defender && (patience === 0 || head.time >= (await postedAt(history)) + patience))
      await defender.perform(history, acts);
    if (acts.every((act) => act.kind === "none")) {
      held.restsAt = growth;
      held.own = undefined;
    }
  }

  const postedAt = async ({ claim, windowEnd }: ClaimHistory): Promise<number> =>
    windowEnd - (await claimStanding(reader, claim)).parameters.window;

  /** Takes back what is ours in claims that were decided. */
  function collect(open: ReadonlySet<Hex>): void {
    for (const digest of disputedClaims(db).filter(minds)) {
      if (open.has(digest) || closed.has(digest)) continue;
      if (!defender || defender.collect(claimHistory(db, digest)!)) closed.add(digest);
    }
  }

  /** What fails for one claim must not keep the others from being checked. */
  async function apart(digest: Hex, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      log.error({ digest, error: String(error) }, "failed, trying again");
    }
  }

  function record(digest: Hex, held: Watched, acts: readonly Act[], now: number): void {
    const [act] = acts;
    if (!act || (act.kind === "none" && act.verdict !== "right")) return;
    const agree = act.kind === "none" ? true : held.own ? false : undefined;
    const finding = `${agree} ${act.kind} ${act.reason}`;
    if (held.told === finding) return;
    held.told = finding;
    log.info({ digest, agree, next: act.kind, reason: act.reason }, "checked");
    table.write({ digest, agree, reason: act.reason, checkedAt: now });
  }

  return {
    verdicts: table.all,
    counts() {
      const found = Map.groupBy(table.all(), ({ agree }) => agree);
      const count = (agree: boolean | undefined) => found.get(agree)?.length ?? 0;
      return { right: count(true), wrong: count(false), unchecked: count(undefined) };
    },
    waitsFor: (input) =>
      openClaims(db)
        .map((digest) => claimHistory(db, digest)!.claim)
        .find((claim) => claim.input === input)?.modelRoot,
    async tick(head) {
      const open = openClaims(db).filter(minds);
      for (const digest of cases.keys()) if (!open.includes(digest)) cases.delete(digest);
      // A few at once, so that an operator whose endpoint hangs does not keep the others from being checked.
      for (let at = 0; at < open.length; at += AT_ONCE)
        await Promise.all(open.slice(at, at + AT_ONCE).map((digest) => apart(digest, () => watch(digest, head))));
      collect(new Set(open));
    },
  };
}
