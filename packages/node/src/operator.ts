import { OBJECT, toHex } from "@opengradient/commitments";
import { type CommittedRun, nameOf, revealNode } from "@opengradient/dispute";
import {
  type Call,
  calls,
  claimStanding,
  decodePackage,
  domainOf,
  isAskedOnChain,
  type Opening,
  type Package,
  type Reader,
  type Receipt,
} from "@opengradient/protocol";
import type { Address, Hex } from "viem";
import type { Answering } from "./answering.ts";
import type { Answer, Answers } from "./answers.ts";
import type { Blobs } from "./blobs.ts";
import { claimHistory, type OpenRequest, openClaims, openRequests, withstoodClaims } from "./claims.ts";
import type { Db } from "./database.ts";
import { enqueue } from "./enqueue.ts";
import type { Head } from "./follower.ts";
import { type ClaimHistory, type Demand, sameAddress } from "./history.ts";
import type { Inputs } from "./inputs.ts";
import type { Log } from "./log.ts";
import type { Outbox } from "./outbox.ts";
import type { Runs } from "./runs.ts";
import type { TakeShown } from "./shown.ts";

export type Operator = {
  readonly owner: Address;
  tick(head: Head): Promise<void>;
  /** the receipt of an answered request */
  receipt(requestId: bigint): Receipt | undefined;
  /** a claim of ours by its digest */
  answer(digest: Hex): Answer | undefined;
  /** as `outputs` and `run`: undefined once the claim was decided and its data were removed */
  inputs(answer: Answer): Package | undefined;
  outputs(answer: Answer): Package | undefined;
  run(answer: Answer): CommittedRun | undefined;
  /** the model of a request that waits for this input; undefined: nobody asked for it (yet) */
  waitsFor(input: Hex): Hex | undefined;
  /** requests that wait, those of them that were declined, claims that are undecided */
  counts(): { readonly waiting: number; readonly declined: number; readonly undecided: number };
};

export type OperatorOptions = {
  readonly db: Db;
  readonly answers: Answers;
  readonly answering: Answering;
  readonly runs: Runs;
  readonly blobs: Blobs;
  readonly inputs: Inputs;
  readonly takeShown: TakeShown;
  readonly reader: Reader;
  /** cold key's address, by which Staking knows the operator */
  readonly owner: Address;
  readonly outbox: Outbox;
  /** post claims with their trace root, which saves challengers a demand */
  readonly postOpened: boolean;
  readonly log: Log;
};

/** Seconds after which a declined request is looked at again: stake may have come free. */
const DECLINED_FOR = 60;

export function openOperator(options: OperatorOptions): Operator {
  const { db, answers, answering, runs, blobs, reader, owner, outbox, log } = options;
  /** request → when to look at it again */
  const declined = new Map<bigint, number>();
  const collected = new Set<Hex>();
  let waiting: readonly OpenRequest[] = [];
  let undecided: readonly Answer[] = [];
  const send = (id: string, call: Call, deadline?: number) => enqueue(outbox, id, call, deadline);

  const inputs = ({ claim }: Answer): Package | undefined => options.inputs.get(claim.input);
  const outputs = ({ claim }: Answer): Package | undefined => {
    const bytes = blobs.get(claim.output);
    return bytes && decodePackage(bytes);
  };
  const run = (answer: Answer): CommittedRun | undefined => {
    const input = inputs(answer);
    return input && runs.of(answer.claim, input.tensors);
  };

  /** @throws Error when the input of an undecided claim is gone, which only a hand in the data directory does */
  function held(answer: Answer): { readonly salt: Hex; readonly run: CommittedRun } {
    const input = inputs(answer);
    if (!input) throw new Error(`the input of claim ${answer.digest} is gone from the data directory: put it back`);
    return { salt: input.salt, run: runs.of(answer.claim, input.tensors) };
  }

  function openingFor(answer: Answer): Opening {
    const { salt, run } = held(answer);
    const { inputRoot, outputRoot, traceRoot } = run;
    return { salt, inputRoot: toHex(inputRoot), outputRoot: toHex(outputRoot), traceRoot: toHex(traceRoot) };
  }

  async function answerOne(request: OpenRequest, head: Head): Promise<void> {
    const { requestId, terms } = request;
    if (head.time < (declined.get(requestId) ?? 0)) return;
    await options.takeShown(requestId);
    if (!options.inputs.has(terms.input)) return;
    const reason = answers.byRequest(requestId) ? undefined : await answering.refusalOf(request, head.time);
    if (reason) {
      declined.set(requestId, head.time + DECLINED_FOR);
      log.warn({ requestId: String(requestId), reason }, "declined");
      return;
    }
    const answer = await answering.answer(request, head.time, answers.insert);
    const { claim, digest, deadline, signature } = answer;
    if (outbox.stateOf(`post:${digest}`)) return;
    const call = options.postOpened
      ? calls.postOpened(reader.addresses, { claim, deadline, opening: openingFor(answer) })
      : calls.post(reader.addresses, { claim, deadline, signature: signature! });
    send(`post:${digest}`, call, Number(claim.postBy));
  }

  /** What fails for one claim or request must not keep the others waiting. */
  async function apart(subject: object, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      log.error({ ...subject, error: String(error) }, "failed, trying again");
    }
  }

  function answerDemand(answer: Answer, { position, key, due, target }: Demand): void {
    const { claim, digest } = answer;
    const opens = position.object === OBJECT.claim;
    // A demand that a reorganisation took back and that is asked again is another one, with another time.
    const id = opens ? `open:${digest}:${due}` : `reveal:${digest}:${key}:${target}:${due}`;
    if (outbox.stateOf(id)) return;
    log.info({ digest, demanded: nameOf(position), due }, "demanded");
    const call = opens
      ? calls.openClaim(reader.addresses, { claim, opening: openingFor(answer) })
      : calls.reveal(reader.addresses, { claim, position, data: toHex(revealNode(held(answer).run, position)) });
    send(id, call, due);
  }

  /** What our answers were paid for, and the price of an opening, of claims that withstood. */
  function collect(): void {
    for (const digest of withstoodClaims(db)) {
      const answer = collected.has(digest) ? undefined : answers.byDigest(digest);
      if (!answer) continue;
      const { claim } = answer;
      if (claimHistory(db, digest)!.held)
        send(`settleOpening:${digest}`, calls.settleOpening(reader.addresses, { claim }));
      send(`credits:${digest}`, calls.withdrawCredits(reader.addresses, { to: outbox.account }));
      collected.add(digest);
    }
  }

  async function lookAfter(history: ClaimHistory, head: Head): Promise<void> {
    const answer = answers.byDigest(history.digest);
    if (!answer) return;
    const asked = history.demands.filter(({ state, due }) => state === "asked" && head.time <= due);
    for (const demand of asked) answerDemand(answer, demand);
    if (asked.length || head.time <= history.windowEnd || outbox.stateOf(`finalise:${answer.digest}`)) return;
    const { finalAfter, pending, status } = await claimStanding(reader, answer.claim);
    if (status === "open" && pending === 0 && head.time > finalAfter)
      send(`finalise:${answer.digest}`, calls.finalise(reader.addresses, { claim: answer.claim }));
  }

  /** Sold answers that stand on chain by themselves: shown out of their batch, or lodged. */
  const shown = (): Answer[] =>
    openClaims(db)
      .flatMap((digest) => answers.byDigest(digest) ?? [])
      .filter(({ claim }) => !isAskedOnChain(claim));

  function tellDecided(now: readonly Answer[]): void {
    const left = new Set(now.map(({ digest }) => digest));
    for (const { digest } of undecided) {
      if (left.has(digest)) continue;
      const status = claimHistory(db, digest)?.status;
      if (status === "final") log.info({ digest }, "final: the fee is paid");
      else if (status === "void") log.error({ digest }, "void: a claim of ours fell, and stake with it");
      else log.warn({ digest }, "not posted in time: its fee goes back");
    }
    undecided = now;
  }

  return {
    owner,
    counts: () => ({
      waiting: waiting.length,
      declined: waiting.filter(({ requestId }) => declined.has(requestId)).length,
      undecided: undecided.length,
    }),
    inputs,
    outputs,
    run,
    answer: answers.byDigest,
    async tick(head) {
      // Claims first: an answer that is late costs stake, a request that is late costs a fee.
      for (const digest of openClaims(db))
        if (answers.byDigest(digest)) await apart({ digest }, () => lookAfter(claimHistory(db, digest)!, head));
      waiting = openRequests(db, head.time).filter(({ terms }) => sameAddress(terms.operator, owner));
      for (const request of waiting)
        await apart({ requestId: String(request.requestId) }, () => answerOne(request, head));
      tellDecided([...answers.undecided(head.time), ...shown()]);
      collect();
    },
    receipt(requestId) {
      const answer = answers.byRequest(requestId);
      if (!answer?.signature) return undefined;
      return { ...domainOf(reader), claim: answer.claim, signature: answer.signature };
    },
    waitsFor: (input) => waiting.find(({ terms }) => terms.input === input)?.terms.modelRoot,
  };
}
