import type { Address, Hex } from "viem";
import * as z from "zod/mini";
import type { BatchStanding } from "./batch.ts";
import { type Claim, type ClaimDomain, claimDigest, recoverClaimSigner } from "./claim.ts";
import { LevelNotBuiltError, levelNames } from "./levels.ts";
import { type Package, packageInput, packageOutput } from "./packages.ts";
import type { Standing } from "./standing.ts";
import { address, amount, bytes, decimal, fromJson } from "./wire.ts";

/** A signed claim with the place where it counts: all that is needed to check it offline. */
export type Receipt = ClaimDomain & { readonly claim: Claim; readonly signature: Hex };

/** Text that is no receipt. */
export class ReceiptError extends Error {
  override readonly name = "ReceiptError";
}

const schema = z.object({
  version: z.literal(1),
  chainId: z.int().check(z.positive()),
  market: address,
  claim: z.object({
    modelRoot: bytes(32),
    input: bytes(32),
    output: bytes(32),
    operator: address,
    requester: address,
    requestId: amount,
    fee: amount,
    coverage: amount,
    level: z.int().check(z.nonnegative()),
    parameters: bytes(32),
    postBy: amount,
  }),
  signature: bytes(65),
});

export const receiptToJson = ({ chainId, market, claim, signature }: Receipt): string =>
  JSON.stringify({ version: 1, chainId, market, claim, signature }, decimal);

/** @throws ReceiptError that names every field that does not fit */
export function receiptFromJson(json: string): Receipt {
  const { version: _, ...receipt } = fromJson(schema, json, (problem) => new ReceiptError(`not a receipt: ${problem}`));
  return receipt;
}

export type Check = { readonly name: string; readonly holds: boolean; readonly words: string };

/** What the checker has beside the receipt; what is absent is not checked, and the checks say so by their absence. */
export type Evidence = {
  /** the operator's hot key or owner, from the chain or from someone trusted */
  readonly signer?: Address;
  readonly inputs?: Package;
  readonly outputs?: Package;
};

/** Checks a receipt without a network. It is good iff every check holds. */
export async function verifyReceipt(receipt: Receipt, evidence: Evidence): Promise<readonly Check[]> {
  const { claim, signature } = receipt;
  const checks: Check[] = [levelCheck(claim.level), await signatureCheck(receipt, signature, evidence.signer)];
  if (evidence.inputs)
    checks.push({
      name: "input",
      holds: packageInput(evidence.inputs) === claim.input.toLowerCase(),
      words: "the claim names exactly this input",
    });
  if (evidence.outputs)
    checks.push({
      name: "output",
      holds: packageOutput(evidence.outputs) === claim.output.toLowerCase(),
      words: "the claim names exactly this output: nothing was altered or filtered after signing",
    });
  return checks;
}

async function signatureCheck(receipt: Receipt, signature: Hex, expected: Address | undefined): Promise<Check> {
  const digest = claimDigest(receipt, receipt.claim);
  try {
    const signer = await recoverClaimSigner(receipt, receipt.claim, signature);
    const holds = expected === undefined || signer.toLowerCase() === expected.toLowerCase();
    const whose = expected === undefined ? "whose key that is only the chain can tell" : `expected ${expected}`;
    return { name: "signature", holds, words: `claim ${digest} is signed by ${signer} (${whose})` };
  } catch {
    return { name: "signature", holds: false, words: `claim ${digest} carries no valid signature` };
  }
}

function levelCheck(level: number): Check {
  try {
    return { name: "level", holds: true, words: `the claim says: ${levelNames(level).join(", ")}` };
  } catch (error) {
    if (!(error instanceof LevelNotBuiltError)) throw error;
    return { name: "level", holds: false, words: error.message };
  }
}

const time = (seconds: number): string => new Date(1000 * seconds).toISOString().replace(".000Z", "Z");

const opg = (units: bigint): string => {
  const [whole, rest] = [units / 10n ** 18n, units % 10n ** 18n];
  const decimals = String(rest).padStart(18, "0").replace(/0+$/, "");
  return `${whole}${decimals && `.${decimals}`} OPG`;
};

/** What a reader has beside the receipt: names that people know, and the batch whose leaf the claim is. */
export type About = { readonly model?: string; readonly operator?: string; readonly batch?: BatchStanding | undefined };

/**
 * A receipt in words: which model, who ran it, what is proven and until when, who has seen the input.
 * @param standing undefined while the claim is not posted, or when nobody asked the chain
 */
export function describeReceipt(
  { claim, chainId }: Receipt,
  standing: Standing | undefined,
  about: About = {},
): readonly string[] {
  const model = about.model ? `${about.model} (${claim.modelRoot})` : claim.modelRoot;
  const operator = about.operator ? `${about.operator} (${claim.operator})` : claim.operator;
  return [
    `This model gives this answer, says the operator: model ${model}.`,
    "The model's id fixes its Program, its weights, its source file and its compiler: another version has another id.",
    `It was run by ${operator} for ${requestWords(claim)} of ${claim.requester} on chain ${chainId}.`,
    `Input ${claim.input} and output ${claim.output} are part of what was signed: a changed input or an altered or filtered answer does not fit this receipt.`,
    ...proofLines(claim, standing, about.batch),
    "The operator saw the input in the clear, and serves it to whoever checks the claim; a dispute may publish part of the run.",
    "Nothing here says that the answer is true or good: only that this model gives it.",
  ];
}

/** Whether a claim answers a request on chain, whose numbers are small; else a voucher paid for it. */
export const isAskedOnChain = ({ requestId }: Pick<Claim, "requestId">): boolean => requestId < 1n << 64n;

const requestWords = (claim: Claim): string =>
  isAskedOnChain(claim) ? `request ${claim.requestId}` : "a request that a voucher paid";

function proofLines(claim: Claim, standing: Standing | undefined, batch: BatchStanding | undefined): readonly string[] {
  const stake = `${opg(claim.coverage)} go to the requester if it is proven false`;
  const levels = levelNames(claim.level);
  const signed = "Proven so far (signed): an identified key says so, and no more.";
  if (!levels.includes("optimistic")) return [signed];
  const backed = standing?.backing === "bond" ? "lodged, only its operator's fault bond is" : "posted, stake is locked";
  switch (standing?.status) {
    case undefined:
    case "none":
      if (batch?.released)
        return ["Its batch is released (optimistic): the time to challenge has passed and nobody proved it false."];
      if (batch?.windowEnd)
        return [
          `Proven so far (optimistic): posted in batch ${batch.id}, stake is locked behind it; ${stake}.`,
          `Anyone who has its path in the batch can open and challenge it until ${time(batch.windowEnd)}.`,
        ];
      return [signed, `Once posted (by ${time(Number(claim.postBy))}) stake is locked behind it; ${stake}.`];
    case "open":
      return [
        `Proven so far (optimistic): ${backed} behind it, anyone can challenge it until ${time(standing.quietAt)}; ${stake}.`,
        standing.pending
          ? `${standing.pending} demand(s) for its data are not answered yet; it can not become final before they are.`
          : `Unchallenged it can be final after ${time(standing.finalAfter)}.`,
      ];
    case "final":
      return ["Final (optimistic): the time to challenge has passed and nobody proved it false."];
    case "void":
      return [`Void: it was proven false or its data were withheld; ${voidWords(claim, standing.backing)}.`];
  }
}

function voidWords({ coverage }: Claim, backing: Standing["backing"]): string {
  if (backing === "request") return `the fee went back, and ${opg(coverage)} to the requester`;
  return `${opg(coverage)} went to the requester${backing === "bond" ? ", as far as the fault bond reached" : ""}`;
}
