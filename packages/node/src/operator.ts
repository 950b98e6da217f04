import { OBJECT, toHex } from "@opengradient/commitments";
import { type CommittedRun, nameOf, revealNode } from "@opengradient/dispute";
import {
  BUILT_LEVELS,
  type Call,
  type Claim,
  calls,
  claimDigest,
  claimStanding,
  decodePackage,
  domainOf,
  encodeCall,
  encodePackage,
  type Opening,
  outputSide,
  type Package,
  packageRoot,
  quote,
  type Reader,
  type Receipt,
  signClaim,
} from "@opengradient/protocol";
import type { Address, Hex, LocalAccount } from "viem";
import type { Blobs } from "./blobs.ts";
import { claimHistory, type OpenRequest, openClaims, openRequests, positionKey } from "./claims.ts";
import type { Db } from "./database.ts";
import type { LoadedModel } from "./executor.ts";
import type { Head } from "./follower.ts";
import type { Guard } from "./guard.ts";
import type { ClaimHistory, Demand } from "./history.ts";
import type { Inputs } from "./inputs.ts";
import { fromJson, toJson } from "./json.ts";
import type { Log } from "./log.ts";
import type { Outbox } from "./outbox.ts";
import { keptRuns } from "./runs.ts";

/** A claim of ours, on disk before it is signed, so that a restart signs the same one. */
export type Answer = {
  readonly requestId: bigint;
  readonly digest: Hex;
  readonly claim: Claim;
  readonly deadline: bigint;
  readonly signature: Hex | undefined;
};

export type Operator = {
  readonly owner: Address;
  tick(head: Head): Promise<void>;
  /** the receipt of an answered request */
  receipt(requestId: bigint): Receipt | undefined;
  /** a claim of ours by its digest */
  answer(digest: Hex): Answer | undefined;
  inputs(answer: Answer): Package;
  outputs(answer: Answer): Package;
  run(answer: Answer): CommittedRun;
  /** the model of a request that waits for this input; undefined: nobody asked for it (yet) */
  waitsFor(input: Hex): Hex | undefined;
};

export type OperatorOptions = {
  readonly db: Db;
  readonly guard: Guard;
  readonly blobs: Blobs;
  readonly inputs: Inputs;
  readonly models: ReadonlyMap<string, LoadedModel>;
  readonly reader: Reader;
  /** cold key's address, by which Staking knows the operator */
  readonly owner: Address;
  readonly account: LocalAccount;
  readonly outbox: Outbox;
  /** post claims with their trace root, which saves challengers a demand */
  readonly postOpened: boolean;
  readonly log: Log;
};

/** A claim may be posted until this long after it was signed. */
const POST_TIME = 12n * 3600n;

/** Seconds after which a declined request is looked at again: stake may have come free. */
const DECLINED_FOR = 60;

type AnswerRow = { requestId: string; answer: string; signature: Hex | null };

export function openOperator(options: OperatorOptions): Operator {
  const { db, blobs, models, reader, owner, outbox, log } = options;
  const table = answerTable(db);
  const runs = keptRuns((claim) => models.get(claim.modelRoot)!);
  /** request → when to look at it again */
  const declined = new Map<bigint, number>();
  let waiting: readonly OpenRequest[] = [];
  const enqueue = (id: string, call: Call, deadline?: number) =>
    outbox.add({
      id,
      to: call.address,
      data: encodeCall(call),
      ...(call.value === undefined ? {} : { value: call.value }),
      ...(deadline === undefined ? {} : { deadline }),
    });

  const inputs = ({ claim }: Answer): Package => options.inputs.get(claim.input)!;
  const outputs = ({ claim }: Answer): Package => decodePackage(blobs.get(claim.output)!);
  const run = (answer: Answer): CommittedRun => runs(answer.claim, inputs(answer).tensors);

  /** Why a request is not answered, beside that its input is not here yet. */
  async function refusalOf({ terms }: OpenRequest): Promise<string | undefined> {
    if (!models.has(terms.modelRoot)) return "the model is not loaded here";
    if (terms.level !== BUILT_LEVELS) return `level ${terms.level} is not built`;
    const offer = await quote(reader, { operator: owner, modelRoot: terms.modelRoot });
    if (offer.refusal) return `this operator is ${offer.refusal}`;
    if (terms.fee < offer.fee) return `the fee ${terms.fee} is below ${offer.fee}`;
    if (terms.coverage > offer.maxCoverage) return `the coverage ${terms.coverage} is above ${offer.maxCoverage}`;
    return undefined;
  }

  function claimOf({ requestId, requester, terms }: OpenRequest, now: number): Claim {
    const input = options.inputs.get(terms.input)!;
    const outputs = models.get(terms.modelRoot)!.runner.run(input.tensors);
    const output = outputSide(input.salt, packageRoot(outputs));
    blobs.put(output, encodePackage({ salt: input.salt, tensors: outputs }));
    const latest = BigInt(now) + POST_TIME;
    const { modelRoot, fee, coverage, level, parameters } = terms;
    return {
      modelRoot,
      input: terms.input,
      output,
      operator: owner,
      requester,
      requestId,
      fee,
      coverage,
      level,
      parameters,
      postBy: terms.deadline < latest ? terms.deadline : latest,
    };
  }

  /** The claim goes to disk, then into the guard, and only then is it signed. */
  async function answerRequest(request: OpenRequest, now: number): Promise<Answer> {
    const known = table.byRequest(request.requestId);
    if (known?.signature) return known;
    const claim = known?.claim ?? claimOf(request, now);
    const digest = claimDigest(domainOf(reader), claim);
    const answer = { requestId: request.requestId, digest, claim, deadline: request.terms.deadline };
    if (!known) table.insert(answer);
    options.guard.remember(String(request.requestId), digest);
    const signature = await signClaim(options.account, domainOf(reader), claim);
    table.sign(request.requestId, signature);
    log.info({ requestId: String(request.requestId), digest }, "answered");
    return { ...answer, signature };
  }

  function openingFor(answer: Answer): Opening {
    const { salt } = inputs(answer);
    const { inputRoot, outputRoot, traceRoot } = run(answer);
    return { salt, inputRoot: toHex(inputRoot), outputRoot: toHex(outputRoot), traceRoot: toHex(traceRoot) };
  }

  async function answerOne(request: OpenRequest, head: Head): Promise<void> {
    const { requestId, terms } = request;
    if (head.time < (declined.get(requestId) ?? 0) || !options.inputs.has(terms.input)) return;
    const reason = table.byRequest(requestId) ? undefined : await refusalOf(request);
    if (reason) {
      declined.set(requestId, head.time + DECLINED_FOR);
      log.warn({ requestId: String(requestId), reason }, "declined");
      return;
    }
    const answer = await answerRequest(request, head.time);
    const { claim, digest, deadline, signature } = answer;
    if (outbox.stateOf(`post:${digest}`)) return;
    const call = options.postOpened
      ? calls.postOpened(reader.addresses, { claim, deadline, opening: openingFor(answer) })
      : calls.post(reader.addresses, { claim, deadline, signature: signature! });
    enqueue(`post:${digest}`, call, Number(claim.postBy));
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
    log.info({ digest, demanded: nameOf(position), due }, "demanded");
    if (position.object === OBJECT.claim) {
      const opening = openingFor(answer);
      enqueue(`open:${digest}`, calls.openClaim(reader.addresses, { claim, opening }), due);
    } else {
      const data = toHex(revealNode(run(answer), position));
      enqueue(`reveal:${digest}:${key}:${target}`, calls.reveal(reader.addresses, { claim, position, data }), due);
    }
  }

  function finalise({ claim, digest }: Answer, { demands }: ClaimHistory): void {
    enqueue(`finalise:${digest}`, calls.finalise(reader.addresses, { claim }));
    // What its answers were paid for.
    if (demands.some(({ state }) => state === "answered"))
      enqueue(`credits:${digest}`, calls.withdrawCredits(reader.addresses, { to: outbox.account }));
  }

  async function lookAfter(history: ClaimHistory, head: Head): Promise<void> {
    const answer = table.byDigest(history.digest);
    if (!answer) return;
    const asked = history.demands.filter(({ state, due }) => state === "asked" && head.time <= due);
    for (const demand of asked) {
      const id =
        demand.key === 0n
          ? `open:${answer.digest}`
          : `reveal:${answer.digest}:${positionKey(demand.position)}:${demand.target}`;
      if (!outbox.stateOf(id)) answerDemand(answer, demand);
    }
    if (asked.length || head.time <= history.windowEnd || outbox.stateOf(`finalise:${answer.digest}`)) return;
    const { finalAfter, pending, status } = await claimStanding(reader, answer.claim);
    if (status === "open" && pending === 0 && head.time > finalAfter) finalise(answer, history);
  }

  return {
    owner,
    inputs,
    outputs,
    run,
    answer: table.byDigest,
    async tick(head) {
      // Claims first: an answer that is late costs stake, a request that is late costs a fee.
      for (const digest of openClaims(db))
        if (table.byDigest(digest)) await apart({ digest }, () => lookAfter(claimHistory(db, digest)!, head));
      waiting = openRequests(db, owner, head.time);
      for (const request of waiting)
        await apart({ requestId: String(request.requestId) }, () => answerOne(request, head));
    },
    receipt(requestId) {
      const answer = table.byRequest(requestId);
      if (!answer?.signature) return undefined;
      return { ...domainOf(reader), claim: answer.claim, signature: answer.signature };
    },
    waitsFor: (input) => waiting.find(({ terms }) => terms.input === input)?.terms.modelRoot,
  };
}

function answerTable(db: Db) {
  const insert = db.prepare("INSERT INTO answers (requestId, digest, answer) VALUES (?, ?, ?)");
  const sign = db.prepare("UPDATE answers SET signature = ? WHERE requestId = ?");
  const byRequest = db.prepare<[string], AnswerRow>("SELECT * FROM answers WHERE requestId = ?");
  const byDigest = db.prepare<[string], AnswerRow>("SELECT * FROM answers WHERE digest = ?");
  const read = (row: AnswerRow | undefined): Answer | undefined =>
    row && { ...fromJson<Omit<Answer, "signature">>(row.answer), signature: row.signature ?? undefined };
  return {
    insert: (answer: Omit<Answer, "signature">): void => {
      insert.run(String(answer.requestId), answer.digest, toJson(answer));
    },
    sign: (requestId: bigint, signature: Hex): void => {
      sign.run(signature, String(requestId));
    },
    byRequest: (requestId: bigint) => read(byRequest.get(String(requestId))),
    byDigest: (digest: Hex) => read(byDigest.get(digest)),
  };
}
