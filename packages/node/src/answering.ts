import {
  BUILT_LEVELS,
  type Claim,
  claimDigest,
  domainOf,
  encodePackage,
  greater,
  outputSide,
  packageRoot,
  quote,
  type Reader,
  signClaim,
} from "@opengradient/protocol";
import type { Address, Hex, LocalAccount } from "viem";
import { type Burden, overburdened } from "./admission.ts";
import type { Answer, Answers, Unsigned } from "./answers.ts";
import type { Blobs } from "./blobs.ts";
import { type OpenRequest, tierOf } from "./claims.ts";
import type { Db } from "./database.ts";
import type { LoadedModel } from "./executor.ts";
import type { Guard } from "./guard.ts";
import type { Inputs } from "./inputs.ts";
import type { Log } from "./log.ts";
import type { Runs, Traced } from "./runs.ts";
import type { Sold } from "./sold.ts";

/** A request, on chain or by voucher. */
export type Asked = Omit<OpenRequest, "block">;

/** How a request is answered, whoever pays for it and however. */
export type Answering = {
  /** Why the Market would not take a claim with these terms; of a request on chain it has checked them itself. */
  tierProblem(terms: Pick<Claim, "fee" | "coverage" | "parameters">): string | undefined;
  /**
   * Why it is not answered, beside that its input is not here yet.
   * @param leastFee OPG, where another price was published than the offer on chain
   */
  refusalOf(request: Asked, now: number, leastFee?: bigint): Promise<string | undefined>;
  /** Runs and signs, once: `keep` puts the claim on disk before it is signed. */
  answer(request: Asked, now: number, keep: (answer: Unsigned) => void): Promise<Answer>;
  /** Signs a claim that is on disk. @throws SecondClaimError when another one was signed for the request */
  sign(answer: Unsigned): Promise<Answer>;
};

export type AnsweringOptions = {
  readonly db: Db;
  readonly answers: Answers;
  readonly sold: Sold;
  readonly guard: Guard;
  readonly blobs: Blobs;
  readonly inputs: Inputs;
  readonly models: ReadonlyMap<string, LoadedModel>;
  readonly runs: Runs;
  readonly reader: Reader;
  /** cold key's address, by which Staking knows the operator */
  readonly owner: Address;
  readonly account: LocalAccount;
  readonly log: Log;
};

/** A claim may be posted until this long after it was signed. */
export const POST_TIME = 12 * 3600;

export function openAnswering(options: AnsweringOptions): Answering {
  const { db, answers, sold, blobs, models, runs, reader, owner } = options;

  const answerTimes = new Map<Hex, number>();
  function answerTime(parameters: Hex): number {
    const known = answerTimes.get(parameters) ?? tierOf(db, parameters)!.answer;
    answerTimes.set(parameters, known);
    return known;
  }

  const burdenOf = (claim: Traced & Pick<Claim, "parameters">): Burden => ({
    // A model that is no longer loaded takes no time.
    seconds: models.has(claim.modelRoot) ? runs.seconds(claim, () => options.inputs.get(claim.input)!.tensors) : 0,
    answer: answerTime(claim.parameters),
  });

  /** Every claim that somebody may demand data of. */
  const burdens = (now: number): Burden[] => [
    ...answers.undecided(now).map(({ claim }) => burdenOf(claim)),
    ...sold
      .live(now)
      .flatMap(({ model, parameters, claims }) =>
        Array<Burden>(claims).fill({ seconds: runs.longest(model), answer: answerTime(parameters) }),
      ),
  ];

  function claimOf({ requestId, requester, terms }: Asked, now: number): Claim {
    const input = options.inputs.get(terms.input)!;
    const outputs = models.get(terms.modelRoot)!.runner.run(input.tensors);
    const output = outputSide(input.salt, packageRoot(outputs));
    blobs.put(output, encodePackage({ salt: input.salt, tensors: outputs }));
    const latest = BigInt(now + POST_TIME);
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

  async function sign({ requestId, digest, claim, deadline }: Unsigned): Promise<Answer> {
    options.guard.remember(String(requestId), digest);
    const signature = await signClaim(options.account, domainOf(reader), claim);
    answers.sign(requestId, signature);
    options.log.info({ requestId: String(requestId), digest }, "answered");
    return { requestId, digest, claim, deadline, signature };
  }

  return {
    sign,
    tierProblem({ fee, coverage, parameters }) {
      const tier = tierOf(db, parameters);
      if (!tier) return `the Market has no tier ${parameters}`;
      const least = greater(fee, tier.minCoverage);
      if (coverage >= least && coverage <= tier.maxCoverage) return undefined;
      return `the coverage ${coverage} is not within ${least} … ${tier.maxCoverage}`;
    },
    async refusalOf({ requestId, requester, terms }, now, leastFee) {
      if (!models.has(terms.modelRoot)) return "the model is not loaded here";
      if (terms.level !== BUILT_LEVELS) return `level ${terms.level} is not built`;
      const offer = await quote(reader, { operator: owner, modelRoot: terms.modelRoot });
      if (offer.refusal) return `this operator is ${offer.refusal}`;
      const least = leastFee ?? offer.fee;
      if (terms.fee < least) return `the fee ${terms.fee} is below ${least}`;
      if (terms.coverage > offer.maxCoverage) return `the coverage ${terms.coverage} is above ${offer.maxCoverage}`;
      const promised = answers.promised(now) + sold.promised(now);
      if (terms.coverage + promised > offer.room)
        return `the coverage ${terms.coverage} is above ${offer.room} - ${promised}, which other answers take`;
      return overburdened(burdens(now), burdenOf({ ...terms, requestId, requester }));
    },
    async answer(request, now, keep) {
      const known = answers.byRequest(request.requestId);
      if (known?.signature) return known;
      if (known) return sign(known);
      const claim = claimOf(request, now);
      const digest = claimDigest(domainOf(reader), claim);
      const answer = { requestId: request.requestId, digest, claim, deadline: request.terms.deadline };
      keep(answer);
      return sign(answer);
    },
  };
}
